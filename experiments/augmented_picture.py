"""Plots of augmented neural ODEs: trajectories, features and losses."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D

from experiments.augmented_tasks import Trained
from nde.models import AugmentedNeuralODE
from nde.plot.style import COLORS, INK, style_axes

BALL, SHELL, PLAIN, AUGMENTED = COLORS[0], COLORS[1], COLORS[3], COLORS[2]
SHOWN = 24
"""Number of trajectories in a panel."""


def picture(results: Sequence[Trained]) -> Figure:
    """One row per task: the plain model, the augmented one, and the losses of both."""
    made = Figure(figsize=(11.5, 10.0), layout="constrained", dpi=110)
    grid = made.add_gridspec(3, 3)
    for row, (plain, augmented) in enumerate(zip(results[::2], results[1::2], strict=True)):
        for column, result in enumerate((plain, augmented)):
            deep = result.task.size + result.augmented_size == 3
            panel = made.add_subplot(grid[row, column], projection="3d" if deep else None)
            _flow(panel, result)
            kind = "augmented by one dimension" if result.augmented_size else "plain"
            panel.set_title(f"{result.task.name}, {kind}", color=INK, fontsize=10)
            if plain.task.reads and not column:
                _name_colors(panel)
        _losses(made.add_subplot(grid[row, 2]), plain, augmented)
    return made


def _flow(panel: Axes, result: Trained) -> None:
    if isinstance(panel, Axes3D):
        _features_in_space(panel, result)
        return
    style_axes(panel)
    if result.task.size == 1:
        _trajectories(panel, result)
    else:
        _features(panel, result)


def _name_colors(panel: Axes) -> None:
    """Label the colors blue and orange."""
    for color, name in ((BALL, "ball"), (SHELL, "shell")):
        panel.plot([], [], "o", color=color, markersize=5, label=name)
    panel.legend(frameon=False, fontsize=8.5, loc="lower right")


def _trajectories(panel: Axes, result: Trained) -> None:
    """The first component against time."""
    edge = 1.5 if result.task.reads else 1.0
    starts = jnp.linspace(-edge, edge, SHOWN)[:, None]
    if result.task.reads:
        starts = starts[(jnp.abs(starts[:, 0]) <= 0.5) | (jnp.abs(starts[:, 0]) >= 1.0)]
    ts = jnp.linspace(0.0, 1.0, 60)
    paths = np.asarray(_states(result.model, ts, starts))[:, :, 0]
    for start, path in zip(np.asarray(starts)[:, 0], paths, strict=True):
        color = _side(start) if result.task.reads else colormaps["coolwarm"]((start / edge + 1) / 2)
        panel.plot(ts, path, color=color, linewidth=1.3)
    panel.set_xlabel("time", color=INK)
    panel.set_ylabel("first component" if result.augmented_size else "state", color=INK)


def _features(panel: Axes, result: Trained) -> None:
    """Final states, and the line that the linear readout draws between them."""
    ends, wanted = _ends(result)
    (a, b), c = np.asarray(result.model.projection.weight)[0], float(result.model.projection.bias[0])
    middle, half = ends.mean(axis=0), 0.6 * np.ptp(ends, axis=0).max()
    xs = np.array([middle[0] - 2 * half, middle[0] + 2 * half])
    panel.plot(xs, -(a * xs + c) / b, "--", color=INK, linewidth=1, zorder=1)
    panel.scatter(*ends.T, s=5, c=[_color(w) for w in wanted], linewidths=0)
    panel.set_xlim(middle[0] - half, middle[0] + half)
    panel.set_ylim(middle[1] - half, middle[1] + half)
    panel.set_xlabel("first component at the end", color=INK)
    panel.set_ylabel("second", color=INK)


def _features_in_space(panel: Axes3D, result: Trained) -> None:
    """Final states, in three dimensions."""
    ends, wanted = _ends(result)
    panel.scatter(*ends.T, s=5, c=[_color(w) for w in wanted], linewidths=0, depthshade=False)
    panel.tick_params(colors=INK, labelsize=7)
    for axis in (panel.xaxis, panel.yaxis, panel.zaxis):
        axis.set_pane_color("white")
    panel.view_init(elev=18, azim=-60)


def _losses(panel: Axes, plain: Trained, augmented: Trained) -> None:
    """The mean, minimum and maximum loss over the seeds, and the bound if there is one."""
    style_axes(panel)
    for result, color, name in ((plain, PLAIN, "plain"), (augmented, AUGMENTED, "augmented")):
        steps = np.arange(result.losses.shape[1])
        panel.fill_between(
            steps, result.losses.min(axis=0), result.losses.max(axis=0), color=color, alpha=0.2, linewidth=0
        )
        panel.plot(steps, np.exp(np.log(result.losses).mean(axis=0)), color=color, linewidth=1.6, label=name)
    if plain.bound is not None:
        panel.axhline(plain.bound, color=INK, linestyle=":", linewidth=1.2, zorder=3, label="least of any plain flow")
    panel.set_yscale("log")
    panel.set_title(f"{plain.task.name}, losses of {len(plain.losses)} seeds", color=INK, fontsize=10)
    panel.set_xlabel("step", color=INK)
    panel.set_ylabel("mean square", color=INK)
    panel.legend(frameon=False, fontsize=8.5)


def _ends(result: Trained) -> tuple[np.ndarray, np.ndarray]:
    x, wanted = result.task.draw(jax.random.key(2), 600)
    ends = _states(result.model, jnp.linspace(0.0, 1.0, 2), x)[:, -1]
    return np.asarray(ends), np.asarray(wanted)[:, 0]


@eqx.filter_jit
def _states(model: AugmentedNeuralODE, ts: jax.Array, x: jax.Array) -> jax.Array:
    return jax.vmap(lambda x0: model.states(ts, x0))(x)


def _side(start: float) -> str:
    return BALL if abs(start) < 0.75 else SHELL


def _color(wanted: float) -> str:
    return BALL if wanted < 0 else SHELL
