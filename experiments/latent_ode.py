"""Latent ODEs extrapolate beyond the data: damped oscillators and noisy spirals."""

import dataclasses
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

from nde.data import Batch
from nde.models import LatentODE
from nde.models.latent.training import Cuts, cut_loss
from nde.train import adam, fit

_BLUE, _ORANGE, _GRAY = "#0b6e99", "#d1741f", "#777777"


@dataclasses.dataclass(frozen=True)
class Problem:
    """Series to learn from, and times to extrapolate to.

    Attributes:
        name: Its name in tables.
        draw: From a seed and a count to times, measurements, and the truth as a function of times and series indices.
        beyond: Times beyond the data at which predictions are compared to the truth.
        seen: The number of observed rows of a test series.
        duration: The duration of the longest series.
        series: The number of training series.
        steps: The number of training steps.
        batch: The batch size.
    """

    name: str
    draw: Callable[[int, int], tuple[np.ndarray, np.ndarray, Callable[[np.ndarray], np.ndarray]]]
    beyond: np.ndarray
    seen: int
    duration: float
    series: int
    steps: int
    batch: int


def oscillators(seed: int, count: int) -> tuple[np.ndarray, np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """`x' = -0.1 x + 1.3 y`, `y' = -x - 0.1 y` at 20 random times between 0 and 2 to 3, without noise, in closed form.

    These are the data of Diffrax's example: the state at the first time is standard normal.
    """
    random = np.random.default_rng(seed)
    y0 = random.normal(size=(count, 1, 2))
    ts = np.sort(random.random((count, 20)), axis=1) * (2 + random.random((count, 1)))
    turn = np.sqrt(1.3)

    def truth(times: np.ndarray) -> np.ndarray:
        since = (times - ts[:, :1])[..., None]
        cos, sin, (x, y) = np.cos(turn * since), np.sin(turn * since), (y0[..., :1], y0[..., 1:])
        return np.exp(-0.1 * since) * np.concatenate([cos * x + turn * sin * y, cos * y - sin * x / turn], axis=-1)

    return ts, truth(ts), truth


def spirals(seed: int, count: int) -> tuple[np.ndarray, np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Spirals as in Chen et al. (2018), half of them clockwise, at 100 random times over two turns, with noise 0.3."""
    random = np.random.default_rng(seed)
    ts = np.sort(random.random((count, 100)), axis=1) * 4 * np.pi
    start, clockwise = random.uniform(0, 2 * np.pi, (count, 1)), random.random((count, 1)) < 0.5

    def truth(times: np.ndarray) -> np.ndarray:
        along = start + times
        back = 6 * np.pi + 1 - along
        angle, radius = np.where(clockwise, back, along), np.where(clockwise, 15 / back, 0.3 * along)
        center = np.where(clockwise, -5.0, 5.0)
        return np.stack([radius * np.cos(angle) + center, radius * np.sin(angle)], axis=-1)

    return ts, truth(ts) + 0.3 * random.normal(size=(count, 100, 2)), truth


PROBLEMS = (
    Problem("damped oscillators", oscillators, np.linspace(3.0, 12.0, 91), 20, 3.0, 10_000, 250, 256),
    Problem("noisy spirals", spirals, np.linspace(2 * np.pi, 4 * np.pi, 51), 50, 4 * np.pi, 1000, 400, 64),
)
Predict = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Takes times and values of series, and further times; returns the predictions there."""


def trained(problem: Problem, seed: int) -> Predict:
    """Train our model."""
    ts, ys, _ = problem.draw(seed, problem.series)
    center, scale = ys.mean(axis=(0, 1)), ys.std(axis=(0, 1))
    model = LatentODE(input_size=2, key=jax.random.key(seed))
    cuts = Cuts(_batch(ts / problem.duration, (ys - center) / scale), problem.batch, steps=problem.steps, seed=seed)
    rate = adam(1e-2, steps=problem.steps)
    model = fit(model, cut_loss, cuts, rate, steps=problem.steps, key=jax.random.key(seed), progress=False).model

    @eqx.filter_jit
    def compiled(ts: Any, ys: Any, times: Any) -> Any:
        return jax.vmap(lambda t, y, new: model.predict(t, y, len(t), new))(ts, ys, times)

    def predict(ts: np.ndarray, ys: np.ndarray, times: np.ndarray) -> np.ndarray:
        given = [ts / problem.duration, (ys - center) / scale, times / problem.duration]
        return np.asarray(compiled(*[jnp.asarray(each, float) for each in given])) * scale + center

    return predict


def _batch(ts: np.ndarray, ys: np.ndarray) -> Batch:
    count, rows = ts.shape
    return Batch(
        ts=jnp.asarray(ts, float),
        ys=jnp.asarray(ys, float),
        lengths=jnp.full(count, rows),
        static=jnp.zeros((count, 0)),
        targets=None,
        index=jnp.arange(count),
        weights=jnp.ones(count),
    )


def run(folder: Path, quick: bool) -> None:
    """Train our model, and Diffrax's example if Diffrax is installed; write the table and the plot."""
    makers = {"nde": trained}
    try:
        from experiments import latent_ode_diffrax  # noqa: PLC0415 (Diffrax need not be there)

        makers["Diffrax's example"] = latent_ode_diffrax.trained
    except ImportError:
        print("Diffrax is not installed: only ours is run")
    rows, shown = [], []
    seeds, fewer = range(1 if quick else 3), {"steps": 4, "series": 256, "batch": 32} if quick else {}
    for problem in [dataclasses.replace(each, **fewer) for each in PROBLEMS]:
        for name, make in makers.items():
            for seed in seeds:
                begun = time.perf_counter()
                predict = make(problem, seed)
                row = {"problem": problem.name, "model": name, "seed": seed, **errors(problem, seed, predict)}
                rows.append({**row, "seconds": time.perf_counter() - begun})
                print(rows[-1], flush=True)
                if seed == 0:
                    shown.append((problem, name, predict))
    (folder / "latent_ode.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (folder / "latent_ode.md").write_text(table(rows), encoding="utf-8")
    picture(shown, folder / "latent_ode.png")


def errors(problem: Problem, seed: int, predict: Predict) -> dict[str, float]:
    """Root mean squared errors for 256 new series: at the observed rows, and beyond the data."""
    ts, ys, truth = problem.draw(1000 + seed, 256)
    ts, ys = ts[:, : problem.seen], ys[:, : problem.seen]
    beyond = np.maximum(problem.beyond[None], ts[:, -1:])
    inside = predict(ts, ys, ts) - truth(ts)
    further = predict(ts, ys, beyond) - truth(beyond)
    spread = truth(beyond) - truth(beyond).mean()
    return {
        name: float(np.sqrt(np.mean(e**2)))
        for name, e in {"inside": inside, "beyond": further, "deviation": spread}.items()
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Mean errors over seeds, and the error of each seed beyond the data."""
    lines = [
        "# Latent ODE: what comes after the data",
        "",
        "Root mean squared errors against the truth without noise, of 256 new series, posterior mean. Same data,",
        "seeds, steps and batch size for both.",
        "",
        "| problem | model | within the data | beyond them | each seed | deviation of the truth | seconds |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for problem, model in dict.fromkeys((row["problem"], row["model"]) for row in rows):
        some = [row for row in rows if (row["problem"], row["model"]) == (problem, model)]
        mean = {name: np.mean([row[name] for row in some]) for name in ("inside", "beyond", "deviation", "seconds")}
        each = ", ".join(f"{row['beyond']:.3f}" for row in some)
        lines.append(
            f"| {problem} | {model} | {mean['inside']:.3f} | {mean['beyond']:.3f} | {each} | {mean['deviation']:.3f} | "
            f"{mean['seconds']:.0f} |"
        )
    return "\n".join(lines) + "\n"


def picture(shown: list[tuple[Problem, str, Predict]], file: Path) -> None:
    """Three series of each problem: observations, the truth, and the predictions of each model."""
    figure, axes = plt.subplots(len(PROBLEMS), 3, figsize=(11, 6.5), layout="constrained")
    colors = {"nde": _BLUE, "Diffrax's example": _ORANGE}
    for row, name in zip(axes, [problem.name for problem in PROBLEMS], strict=True):
        models = [each for each in shown if each[0].name == name]
        problem = models[0][0]
        ts, ys, truth = problem.draw(1000, 256)
        ts, ys = ts[:, : problem.seen], ys[:, : problem.seen]
        times = ts[:, :1] + (problem.beyond[-1] - ts[:, :1]) * np.linspace(0, 1, 200)
        real, plane = truth(times), problem.name == "noisy spirals"
        for place, axis in enumerate(row):
            _draw(axis, plane, times[place], real[place], color=_GRAY, linewidth=3, alpha=0.4, label="truth")
            for _, model, predict in models:
                found = predict(ts, ys, times)[place]
                _draw(axis, plane, times[place], found, color=colors[model], linewidth=1.3, label=model)
            _draw(axis, plane, ts[place], ys[place], color="black", marker=".", linestyle="none", label="read")
            axis.spines[["top", "right"]].set_visible(False)
            axis.set(xlabel="x" if plane else "time", ylabel="y" if plane else "x", title=f"{name}, {place + 1}")
    axes[0, 0].legend(frameon=False, fontsize=8)
    figure.savefig(file, dpi=110)
    plt.close(figure)


def _draw(axis: Any, plane: bool, ts: np.ndarray, ys: np.ndarray, **style: Any) -> None:
    axis.plot(*((ys[:, 0], ys[:, 1]) if plane else (ts, ys[:, 0])), **style)
