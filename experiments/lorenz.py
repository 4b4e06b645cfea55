"""A latent SDE learns the stochastic Lorenz attractor; its samples are compared to held-out paths."""

import dataclasses
import json
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import ks_2samp

import nde
from nde.data import Loader
from nde.models import ELBO, GaussianLikelihood, LatentSDE
from nde.train import Annealed, adam, fit

TRAIN, HELD_OUT, ROWS, NOISE = 1000, 2000, 100, 0.01
MOMENTS = (0.0, 0.2, 0.5, 1.0, 1.5, 2.0)
"""Times at which marginals are compared."""
STATED, LARGER, LEVEL, PERMUTATIONS = 256, 1000, 0.05, 500
"""Series of each kind in the tests: the stated size and a harder one; their level; permutations of the energy test."""
_BLUE, _ORANGE = "#0b6e99", "#d1741f"


@dataclasses.dataclass(frozen=True)
class Plan:
    """The training settings.

    Attributes:
        steps: The number of training steps.
        batch: The batch size.
        size: The width of the hidden layers and of the encoder's state.
        rate: The highest learning rate.
        annealed: The share of the steps in which the weight of the KL divergences rises.
        every: The stride of the rows that are read, starting with the first.
        fine: Solver steps from one row of the data to the next.
        scale: The scale of the likelihood's errors; `None` to learn it.
    """

    steps: int = 9000
    batch: int = 50
    size: int = 64
    rate: float = 1e-2
    annealed: float = 0.25
    every: int = 3
    fine: int = 4
    scale: float | None = None


def attractor(key: Any, count: int) -> np.ndarray:
    """Paths `(count, ROWS, 3)` of the Lorenz SDE with noise proportional to each coordinate, from normal states.

    Drift, noise (0.1, 0.28, 0.3), initial distribution and times are those of torchsde's example; steps of 0.001.
    """

    def drift(t: Any, y: Any) -> Any:
        del t
        return jnp.stack([10.0 * (y[1] - y[0]), y[0] * (28.0 - y[2]) - y[1], y[0] * y[1] - 8.0 / 3.0 * y[2]])

    def diffusion(t: Any, y: Any) -> Any:
        del t
        return jnp.array([0.1, 0.28, 0.3]) * y

    def path(key: Any) -> Any:
        first, noise = jax.random.split(key)
        return nde.sdeint(drift, diffusion, jax.random.normal(first, (3,)), times(), noise, dt0=1e-3)

    return np.asarray(jax.jit(jax.vmap(path))(jax.random.split(key, count)))


def times() -> Any:
    """The times of the rows."""
    return jnp.linspace(0.0, 2.0, ROWS)


def data() -> tuple[np.ndarray, np.ndarray]:
    """Training and held-out series with observation noise, normalized by the training series."""
    paths = [attractor(jax.random.key(seed), count) for seed, count in enumerate((TRAIN, HELD_OUT))]
    center, scale = paths[0].mean(axis=(0, 1)), paths[0].std(axis=(0, 1))
    random = np.random.default_rng(0)
    train, held = ((x - center) / scale + NOISE * random.normal(size=x.shape) for x in paths)
    return train, held


def trained(train: np.ndarray, plan: Plan) -> Any:
    """Train the model."""
    model = LatentSDE(
        input_size=3,
        latent_size=4,
        hidden_size=plan.size,
        context_size=plan.size // 2,
        width=plan.size,
        likelihood=GaussianLikelihood(3, plan.scale),
        substeps=plan.every * plan.fine,
        key=jax.random.key(0),
    )
    rows = np.asarray(times())[:: plan.every]
    panel = nde.TimeSeries.from_arrays(train[:, :: plan.every], np.tile(rows, (len(train), 1)))
    batches = Annealed(Loader(panel, plan.batch), steps=max(1, round(plan.annealed * plan.steps)))
    settings = {"steps": plan.steps, "key": jax.random.key(1), "average": 0.99, "progress": False}
    return fit(model, ELBO(), batches, adam(plan.rate, steps=plan.steps), **settings)


def generated(model: LatentSDE, count: int, *, errors: bool, fine: int) -> np.ndarray:
    """Samples of the prior, with the learned errors or with the known noise of the data."""
    keys = jax.random.split(jax.random.key(2), count)
    draw = jax.jit(jax.vmap(lambda key: model.sample(times(), key=key, errors=errors, substeps=fine)))
    paths = np.asarray(draw(keys))
    return paths if errors else paths + NOISE * np.random.default_rng(3).normal(size=paths.shape)


def compared(fake: np.ndarray, real: np.ndarray, size: int) -> dict[str, float]:
    """Two-sample tests on `size` series of each kind.

    Returns:
        `distance`, the largest Kolmogorov–Smirnov distance over channels and times; `ks`, the smallest p-value times
        the number of these tests; `energy`, the p-value of a permutation test of the joint energy distance.
    """
    rows = [round(t / 2.0 * (ROWS - 1)) for t in MOMENTS]
    fake, real = fake[:size, rows].reshape(size, -1), real[:size, rows].reshape(size, -1)
    each = [ks_2samp(x, y) for x, y in zip(fake.T, real.T, strict=True)]
    return {
        "distance": float(max(test.statistic for test in each)),
        "ks": float(min(1.0, len(each) * min(test.pvalue for test in each))),
        "energy": energy_test(fake, real, seed=0),
    }


def energy_test(x: np.ndarray, y: np.ndarray, *, seed: int) -> float:
    """The p-value for equal distributions of two samples of the same size: energy distances under permutations."""
    both = np.concatenate([x, y])
    squares = np.sum(both**2, axis=1)
    apart = np.sqrt(np.maximum(squares[:, None] + squares - 2 * both @ both.T, 0.0))
    random, count = np.random.default_rng(seed), len(x)
    signs = np.concatenate([np.ones(count), -np.ones(count)])
    # With signs s the energy distance is a multiple of -s' D s, for samples of one size.
    drawn = np.stack([signs, *(random.permutation(signs) for _ in range(PERMUTATIONS))])
    energies = -np.einsum("ki,ki->k", drawn @ apart, drawn)
    return float((1 + np.sum(energies[1:] >= energies[0])) / (1 + PERMUTATIONS))


def run(folder: Path, quick: bool) -> None:
    """Train, compare and time, and write the table, the numbers and the plot."""
    plan = dataclasses.replace(Plan(), steps=20, size=8) if quick else Plan()
    train, held = data()
    start = time.perf_counter()
    result = trained(train, plan)
    seconds = time.perf_counter() - start
    parts = {name: float(np.mean(values[-100:])) for name, values in result.history.metrics.items()}
    fake = generated(result.model, HELD_OUT, errors=True, fine=plan.fine)
    rows = tests(
        {
            "the prior, learned errors": fake,
            f"the prior, noise {NOISE}": generated(result.model, HELD_OUT, errors=False, fine=plan.fine),
            "other held-out series": held[HELD_OUT // 2 :],
        },
        held,
    )
    picture(fake, held, folder / "lorenz.png")
    steps = [] if quick else timed()
    found = {"plan": dataclasses.asdict(plan), "seconds": seconds, "last": parts, "tests": rows, "steps": steps}
    (folder / "lorenz.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (folder / "lorenz.md").write_text(table(found), encoding="utf-8")


def tests(samples: dict[str, np.ndarray], held: np.ndarray) -> list[dict[str, Any]]:
    """Test each kind of sample against held-out series, at both sizes."""
    sizes = (STATED, LARGER)
    return [{"of": of, "size": size, **compared(ys, held, size)} for of, ys in samples.items() for size in sizes]


def timed() -> list[dict[str, Any]]:
    """Time training steps at the sizes of torchsde's example, ours and its own interleaved; none without torchsde."""
    if not all(find_spec(name) for name in ("torch", "torchsde")):
        return []
    from benchmarks.rows.latent_sde import rows  # noqa: PLC0415  (its peers may not be installed)

    lines = [line for row in rows() for line in row.measure(3)]
    return [{"peer": line.peer.name, "setting": line.peer.setting, "ratio": line.ratio} for line in lines]


def table(found: dict[str, Any]) -> str:
    """The results as a page."""
    plan, last = found["plan"], found["last"]
    lines = [
        "# Latent SDE: the stochastic Lorenz attractor",
        "",
        f"{TRAIN} series of {ROWS} rows in [0, 2], noise {NOISE}; {plan['steps']} steps of {plan['batch']} series "
        f"of which one row in {plan['every']} is read, "
        f"{found['seconds']:.0f} s. At the end, in nats for a series: log likelihood {last['log_likelihood']:.0f}, "
        f"divergence of paths {last['kl_path']:.1f}, of first states {last['kl_initial']:.1f}.",
        "",
        f"Samples against held-out series, each channel at the times {', '.join(map(str, MOMENTS))}: the largest "
        "distance of Kolmogorov and Smirnov, its test's p-value (Bonferroni's correction for "
        f"{3 * len(MOMENTS)} tests), and that of the permutation test by energy distance on all of them together. Told "
        f"apart is what has a p-value below {LEVEL}; the stated size is {STATED}.",
        "",
        "| samples of | series of each | largest distance | p, marginals | p, energy | told apart |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in found["tests"]:
        apart = "yes" if min(row["ks"], row["energy"]) < LEVEL else "no"
        lines.append(
            f"| {row['of']} | {row['size']} | {row['distance']:.3f} | {row['ks']:.3g} | {row['energy']:.3g} | {apart} |"
        )
    return "\n".join([*lines, "", *_step_lines(found["steps"])]) + "\n"


def _step_lines(steps: list[dict[str, Any]]) -> list[str]:
    if not steps:
        return ["Training steps were not timed beside torchsde's: it is not installed, or the run was a quick one."]
    return [
        "A training step at the sizes of torchsde's example (batch 1024, latent 4, hidden 128), taking turns:",
        "",
        "| peer | setting | its time over ours |",
        "| --- | --- | --- |",
        *(f"| {row['peer']} | {row['setting']} | {row['ratio']:.2f} |" for row in steps),
    ]


def picture(fake: np.ndarray, held: np.ndarray, file: Path) -> None:
    """Paths in the plane of the wings, channels over time, and marginals."""
    figure, axes = plt.subplots(3, 6, figsize=(15, 7.5), layout="constrained")
    kinds = (("held out", held, _BLUE), ("generated", fake, _ORANGE))
    for row, channel in zip(axes, "xyz", strict=True):
        for axis, when in zip(row[2:], (0.2, 0.5, 1.0, 2.0), strict=True):
            place, index = round(when / 2.0 * (ROWS - 1)), "xyz".index(channel)
            bins = np.linspace(*np.quantile(held[:, place, index], [0.001, 0.999]), 40)
            for label, ys, color in kinds:
                axis.hist(ys[:, place, index], bins, density=True, color=color, alpha=0.5, label=label)
            axis.set(title=f"{channel} at {when}", yticks=[])
    for place, (label, ys, color) in enumerate(kinds):
        axes[0, place].plot(ys[:15, :, 0].T, ys[:15, :, 2].T, color=color, linewidth=0.7)
        axes[0, place].set(title=label, xlabel="x", ylabel="z")
        for axis, index in zip(axes[1:, place], (0, 2), strict=True):
            axis.plot(np.asarray(times()), ys[:15, :, index].T, color=color, linewidth=0.7)
            axis.set(xlabel="time", ylabel="xyz"[index])
    axes[0, 2].legend(frameon=False, fontsize=8)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=100)
    plt.close(figure)
