"""What models say of series while they read them."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nde.plot.look import COLORS, FAINT, INK, calm

_COLUMNS = 3
_CLASSES = (*COLORS, "#e8a100", "#12b5a6", "#e64980")
"""A color for each class, as far as they go."""


@dataclasses.dataclass(frozen=True, eq=False)
class Reading:
    """What a model says of a series while it reads it.

    Attributes:
        title: About the series.
        ts: Its times.
        ys: Its channels; `nan` for what was not observed.
        read_to: The times up to which it was read.
        said: What the model said then: probabilities of classes, or a number.

    Example:
        See `plot_readings`.
    """

    title: str
    ts: Float[np.ndarray, " rows"]
    ys: Float[np.ndarray, "rows channels"]
    read_to: Float[np.ndarray, " prefixes"]
    said: Float[np.ndarray, "prefixes outputs"]


def plot_readings(
    readings: Sequence[Reading],
    classes: Sequence[str] = (),
    truth: Sequence[float | str] = (),
    *,
    time: str = "time",
    what: str = "prediction",
) -> Figure:
    """Series, and below each what a model says of it, the further it reads.

    Args:
        readings: The series.
        classes: What the outputs are the probabilities of; empty if they are a number.
        truth: The class or number of each series, if it is known; a thick or dashed line.
        time: What the times are called.
        what: What the number is called.

    Example:
        ```python
        import numpy as np
        from nde.plot import Reading, plot_readings

        ts = np.arange(10.0)
        yes = ts / 9
        reading = Reading("a ramp", ts, yes[:, None], ts, np.stack([yes, 1 - yes], axis=1))
        plot_readings([reading], classes=["rises", "falls"], truth=["rises"]).savefig("readings.png")
        ```
    """
    columns = min(_COLUMNS, len(readings))
    rows = -(-len(readings) // columns)
    made = Figure(figsize=(1.2 + 3.0 * columns, 0.7 + 3.5 * rows), layout="constrained", dpi=130)
    blocks = made.subfigures(rows, columns, squeeze=False, wspace=0.02, hspace=0.02)
    shown = _in_color(readings, classes, truth)
    for place, reading in enumerate(readings):
        block = blocks[place // columns][place % columns]
        above, below = block.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _series(above, reading)
        true = truth[place] if len(truth) else None
        if len(classes):
            _chances(below, reading, classes, true, shown)
        else:
            _number(below, reading, true)
            below.set_ylim(*_ends(readings, truth))
        below.set_xlabel(time, color=INK, fontsize=8.5)
        if place % columns == 0:
            above.set_ylabel("channels", color=INK, fontsize=8.5)
            below.set_ylabel("probability" if len(classes) else what, color=INK, fontsize=8.5)
    _legend(made, shown, len(classes) > len(shown), bool(len(classes)), bool(len(truth)))
    return made


def _series(panel: Axes, reading: Reading) -> None:
    calm(panel)
    mark = "o" if len(reading.ts) <= 60 else ""
    for values in reading.ys.T:
        known = ~np.isnan(values)
        panel.plot(reading.ts[known], values[known], color=INK, marker=mark, markersize=2, linewidth=0.7, alpha=0.55)
    panel.set_title(reading.title, color=INK, fontsize=9, loc="left")
    panel.tick_params(labelsize=8)


def _chances(
    panel: Axes, reading: Reading, classes: Sequence[str], true: float | str | None, shown: dict[str, str]
) -> None:
    calm(panel)
    for name, chance in zip(classes, reading.said.T, strict=True):
        color = shown.get(name, FAINT)
        width = 2.6 if name == true else 1.2
        order = 3 if name == true else 2 if name in shown else 1
        panel.step(reading.read_to, chance, where="post", color=color, linewidth=width, zorder=order)
        panel.plot(reading.read_to[-1:], chance[-1:], "o", color=color, markersize=1.6 + width, zorder=order)
    panel.set_ylim(-0.04, 1.04)
    panel.tick_params(labelsize=8)


def _number(panel: Axes, reading: Reading, true: float | str | None) -> None:
    calm(panel)
    said = reading.said[:, 0]
    panel.step(reading.read_to, said, where="post", color=COLORS[0], linewidth=1.8, zorder=2)
    panel.plot(reading.read_to[-1:], said[-1:], "o", color=COLORS[0], markersize=4, zorder=3)
    if isinstance(true, int | float):
        panel.axhline(true, color=COLORS[1], linewidth=1.4, linestyle="--", zorder=1)
    panel.tick_params(labelsize=8)


def _ends(readings: Sequence[Reading], truth: Sequence[float | str]) -> tuple[float, float]:
    """Between which numbers all that was said and is true lies, with a margin."""
    every = np.concatenate([*(reading.said[:, 0] for reading in readings), np.array(truth, float)])
    low, high = float(every.min()), float(every.max())
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _in_color(readings: Sequence[Reading], classes: Sequence[str], truth: Sequence[float | str]) -> dict[str, str]:
    """A color for each class: for all if they are few, or for those that are true of these series, or said of them."""
    if len(classes) <= len(_CLASSES):
        return dict(zip(classes, _CLASSES, strict=False))
    ends = [classes[int(reading.said[-1].argmax())] for reading in readings]
    named = dict.fromkeys([*(str(name) for name in truth), *ends])
    shown = [name for name in named if name in classes][: len(_CLASSES)]
    return dict(zip([name for name in classes if name in shown], _CLASSES, strict=False))


def _legend(made: Figure, shown: dict[str, str], others: bool, classes: bool, truth: bool) -> None:
    lines = [Line2D([], [], color=color, linewidth=2, label=name) for name, color in shown.items()]
    if others:
        lines.append(Line2D([], [], color=FAINT, linewidth=1.2, label="other classes"))
    if classes and truth:
        lines.append(Line2D([], [], color=INK, linewidth=2.8, label="thick: the true class"))
    if not classes:
        lines.append(Line2D([], [], color=COLORS[0], linewidth=1.8, label="said, having read up to here"))
    if not classes and truth:
        lines.append(Line2D([], [], color=COLORS[1], linewidth=1.4, linestyle="--", label="truth"))
    made.legend(handles=lines, frameon=False, fontsize=8.5, ncols=8, handlelength=1.6, loc="outside upper left")
