"""A time-dependent Ornstein–Uhlenbeck process learned by SDE-GANs, clipped or penalized, and by a signature kernel."""

import dataclasses
import functools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax

import nde
from nde.data import Loader, Normalization, drop_observations, pad
from nde.losses import RBFKernel, signature_kernel
from nde.metrics import real_against_fake, signature_feature_mmd, train_on_synthetic
from nde.models import SDEGAN, NeuralSDEGenerator, SignatureMMDLoss, WassersteinLoss
from nde.train import StochasticWeightAverage, adversarial, fit

_ROWS, _MU, _THETA, _SIGMA = 64, 0.02, 0.1, 0.4
_BLUE, _ORANGE, _GREEN, _GRAY = "#0b6e99", "#d1741f", "#3c8d40", "#777777"
_TIMES = np.arange(float(_ROWS))


def ornstein_uhlenbeck(seed: int, count: int) -> np.ndarray:
    """`dY = (mu t - theta Y) dt + sigma dW` at the times 0 to 63, by its exact transitions, from `Y(0)` in (-1, 1)."""
    random = np.random.default_rng(seed)
    decay, spread = np.exp(-_THETA), _SIGMA * np.sqrt((1 - np.exp(-2 * _THETA)) / (2 * _THETA))
    ys = [random.uniform(-1, 1, count)]
    for t in _TIMES[:-1]:
        pull = (1 - decay) / _THETA
        ys.append(decay * ys[-1] + _MU * (t * pull + (1 - pull) / _THETA) + spread * random.normal(size=count))
    return np.stack(ys, axis=1)[..., None]


@dataclasses.dataclass(frozen=True)
class Size:
    """The size of the experiment.

    Attributes:
        series: The number of training series.
        steps: The number of training steps.
        judged: The number of series to compare.
        seeds: Seeds of weights, noise and data.
        timed: The batch size of a timed step.
        turns: The number of timed runs of each.
    """

    series: int = 8192
    steps: int = 4000
    judged: int = 1000
    seeds: int = 1
    timed: int = 1024
    turns: int = 5


_QUICK = Size(series=128, steps=3, judged=60, timed=32, turns=1)


@dataclasses.dataclass(frozen=True)
class Variant:
    """A training method.

    Attributes:
        name: Its name in tables.
        model: Creates the model from a key.
        loss: The loss for `fit`.
        optimizer: Creates the optimizer for `fit` from the number of steps.
        batch: The batch size.
        share: The share of the steps to make, smaller for a method with slower steps.
        color: Its color in plots.
    """

    name: str
    model: Callable[[Any], Any]
    loss: Any
    optimizer: Callable[[int], optax.GradientTransformation]
    batch: int
    share: float
    color: str


_SPAN = 8.0
"""The duration of a series in the models."""
_SIZES: dict[str, Any] = {"hidden_size": 16, "noise_size": 3, "width": 16, "scale": 2.0}


def _players(steps: int, clip: bool) -> optax.GradientTransformation:
    rates = (optax.cosine_decay_schedule(rate, steps, 0.02) for rate in (5e-4, 3e-3))
    return adversarial(*(optax.adam(rate, b1=0.0, b2=0.99) for rate in rates), clip=clip)


VARIANTS = (
    Variant(
        "clipping, reversible Heun",
        lambda key: SDEGAN(1, **_SIZES, key=key),
        WassersteinLoss(),
        functools.partial(_players, clip=True),
        128,
        1.0,
        _BLUE,
    ),
    Variant(
        "gradient penalty, midpoint",
        lambda key: SDEGAN(1, **_SIZES, solver=nde.Midpoint(), key=key),
        WassersteinLoss(penalty=10.0),
        functools.partial(_players, clip=False),
        128,
        1.0,
        _ORANGE,
    ),
    Variant(
        "signature kernel",
        lambda key: NeuralSDEGenerator(1, **_SIZES, key=key),
        SignatureMMDLoss(kernel=functools.partial(signature_kernel, static=RBFKernel(1.0)), basepoint=False),
        lambda steps: optax.adam(optax.cosine_decay_schedule(5e-3, steps, 0.01)),
        32,
        0.25,
        _GREEN,
    ),
)


def observed(seed: int, count: int) -> tuple[nde.TimeSeries, Normalization]:
    """Series with 30% of the observations dropped, normalized."""
    ys = ornstein_uhlenbeck(seed, count)
    panel = nde.TimeSeries.from_arrays(ys, np.broadcast_to(_TIMES, (count, _ROWS)))
    panel = drop_observations(panel, 0.3, seed=seed, per_channel=True)
    normalization = dataclasses.replace(Normalization.fit(panel, times=True), time_scale=_TIMES[-1] / _SPAN)
    return normalization.apply(panel), normalization


def trained(variant: Variant, size: Size, seed: int) -> tuple[np.ndarray, float]:
    """Generated series in units of the data, and the training time."""
    panel, normalization = observed(seed, size.series)
    steps = max(2, round(variant.share * size.steps))
    begun = time.perf_counter()
    model = fit(
        variant.model(jax.random.key(seed)),
        variant.loss,
        Loader(panel, variant.batch, seed=seed, drop_last=True),
        variant.optimizer(steps),
        steps=steps,
        key=jax.random.key(100 + seed),
        average=StochasticWeightAverage(steps // 2),
        progress=False,
    ).model
    seconds = time.perf_counter() - begun
    ts = jnp.broadcast_to(jnp.asarray(_TIMES * _SPAN / _TIMES[-1], float), (size.judged, _ROWS))
    made = eqx.filter_jit(lambda model, ts, keys: model.samples(ts, keys))(
        model, ts, jax.random.split(jax.random.key(200 + seed), size.judged)
    )
    return np.asarray(made) * normalization.scale[0] + normalization.center[0], seconds


def scores(real: np.ndarray, made: np.ndarray) -> dict[str, dict[str, float]]:
    """Metrics of generated against real series, which have every row; each with its 95% interval."""
    found = {
        "accuracy": real_against_fake(real, made).accuracy,
        "prediction": train_on_synthetic(ornstein_uhlenbeck(999, len(real)), made, real).ratio,
        "discrepancy": signature_feature_mmd(real, made).estimate,
    }
    return {
        name: {part: float(getattr(each, part)) for part in ("value", "low", "high")} for name, each in found.items()
    }


def step_times(size: Size) -> dict[str, float]:
    """Seconds per step of both SDE-GANs, runs interleaved; the minimum of all runs."""
    panel, _ = observed(0, size.timed)
    batch, steps = pad(panel), {}
    for variant in VARIANTS[:2]:
        steps[variant.name] = _stepper(variant, batch)
    least = dict.fromkeys(steps, np.inf)
    for _ in range(size.turns):
        for name, step in steps.items():
            begun = time.perf_counter()
            step()
            least[name] = min(least[name], time.perf_counter() - begun)
    return least


def _stepper(variant: Variant, batch: Any) -> Callable[[], None]:
    """A compiled step as in `fit`."""
    optimizer = variant.optimizer(1000)
    weights, rest = eqx.partition(variant.model(jax.random.key(0)), eqx.is_inexact_array)

    @jax.jit
    def step(weights: Any, state: Any, batch: Any) -> Any:
        loss = lambda weights: variant.loss(eqx.combine(weights, rest), batch, jax.random.key(1))
        slope, _ = jax.grad(loss, has_aux=True)(weights)
        updates, state = optimizer.update(slope, state, weights)
        return optax.apply_updates(weights, updates), state

    state = optimizer.init(weights)
    jax.block_until_ready(step(weights, state, batch))
    return lambda: jax.block_until_ready(step(weights, state, batch))


def run(folder: Path, quick: bool) -> None:
    """Train all three, and write the table and the plot."""
    size, rows, shown = _QUICK if quick else Size(), [], {}
    timed = step_times(size)
    print(timed, flush=True)
    for seed in range(size.seeds):
        real = ornstein_uhlenbeck(1000 + seed, size.judged)
        rows.append({"name": "the process itself", "seed": seed, "seconds": 0.0})
        rows[-1].update(scores(real, ornstein_uhlenbeck(2000 + seed, size.judged)))
        for variant in VARIANTS:
            made, seconds = trained(variant, size, seed)
            rows.append({"name": variant.name, "seed": seed, "seconds": seconds, **scores(real, made)})
            print(rows[-1], flush=True)
            if seed == 0:
                shown[variant.name] = made
        if seed == 0:
            picture(real, shown, folder / "ou_gan.png")
    told = {"size": dataclasses.asdict(size), "step": timed, "rows": rows}
    (folder / "ou_gan.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (folder / "ou_gan.md").write_text(table(size, timed, rows), encoding="utf-8")


def table(size: Size, timed: dict[str, float], rows: list[dict[str, Any]]) -> str:
    """The ratio of times, and the scores of each."""
    clipped, penalized = timed.values()
    lines = [
        "# Time-dependent Ornstein–Uhlenbeck process",
        "",
        f"`dY = (0.02 t - 0.1 Y) dt + 0.4 dW`, 64 rows, 30% of the observations dropped, {size.series} series,",
        f"{size.steps} steps (a quarter with the kernel), mean weights of the second half, {size.judged} judged, "
        f"seeds: {size.seeds}.",
        "",
        f"A step of {size.timed} series, taking turns: penalty with midpoint takes {penalized / clipped:.2f} times as",
        "long as clipping with reversible Heun.",
        "",
        "Accuracy of a classifier of real against generated (0.5 is best); error of a prediction of the last fifth,",
        "learned from generated series, as a multiple of that from real ones; discrepancy of signatures, see",
        "`nde.metrics`. Intervals of 95% are by resampling the series that are judged.",
        "",
        "| | seed | accuracy | prediction | discrepancy | seconds of training |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        cells = [_interval(row[key]) for key in ("accuracy", "prediction", "discrepancy")]
        lines.append(f"| {row['name']} | {row['seed']} | {' | '.join(cells)} | {row['seconds']:.0f} |")
    return "\n".join(lines) + "\n"


def _interval(score: dict[str, float]) -> str:
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def picture(real: np.ndarray, shown: dict[str, np.ndarray], file: Path) -> None:
    """Ten paths of each, below the median and the 5% to 95% range of real and generated ones."""
    figure, axes = plt.subplots(2, len(shown), figsize=(12, 6.2), layout="constrained", sharex=True, sharey=True)
    colors = {variant.name: variant.color for variant in VARIANTS}
    for column, (name, made) in zip(axes.T, shown.items(), strict=True):
        for ys, color, label in ((real, _GRAY, "real"), (made, colors[name], "generated")):
            low, middle, high = np.quantile(ys[..., 0], [0.05, 0.5, 0.95], axis=0)
            column[0].fill_between(_TIMES, low, high, color=color, alpha=0.25, linewidth=0)
            column[0].plot(_TIMES, middle, color=color, label=label)
            column[1].plot(_TIMES, ys[:10, :, 0].T, color=color, linewidth=0.8, alpha=0.7)
        column[0].set(title=name)
        column[1].set(xlabel="time")
        for axis in column:
            axis.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set(ylabel="median, 5% to 95%")
    axes[1, 0].set(ylabel="ten series of each")
    axes[0, 0].legend(frameon=False)
    figure.savefig(file, dpi=110)
    plt.close(figure)
