"""Plots of predictions as more and more of a series is observed."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nde.plot.checks import check_lengths, check_some, finite
from nde.plot.style import COLORS, FAINT, INK, style_axes
from nde.plot.times import draw_time_axis

_COLUMNS = 3
_MOST_CHANNELS = 4
"""Channels up to which each has its own axis."""
_CLASSES = (*COLORS, "#e8a100", "#12b5a6", "#e64980")
"""One color for each class, while they last."""


@dataclasses.dataclass(frozen=True, eq=False)
class RunningPrediction:
    """One series for `plot_running_predictions`, and the model's predictions from its prefixes.

    Attributes:
        title: Title above the series.
        ts: Times of the series, of shape `(rows,)`: numbers, or NumPy dates, which are drawn as dates.
        ys: Channels, of shape `(rows, channels)`; `nan` for missing values.
        predicted_at: For each prediction, the last time that the model had observed, of shape `(prefixes,)`.
        predictions: Predictions at these times: class probabilities of shape `(prefixes, classes)`, or a number of
            shape `(prefixes, 1)`.

    Raises:
        ValueError: If there are no rows or predictions, or times and values differ in length.

    Example:
        See `plot_running_predictions`.
    """

    title: str
    ts: Shaped[np.ndarray, " rows"]
    ys: Float[np.ndarray, "rows channels"]
    predicted_at: Shaped[np.ndarray, " prefixes"]
    predictions: Float[np.ndarray, "prefixes outputs"]

    def __post_init__(self) -> None:
        check_some("ts", self.ts)
        check_some("predictions", self.predictions)
        check_lengths(ts=self.ts, ys=self.ys)
        check_lengths(predicted_at=self.predicted_at, predictions=self.predictions)


def plot_running_predictions(
    series: Sequence[RunningPrediction],
    classes: Sequence[str] = (),
    truth: Sequence[float | str] = (),
    *,
    channels: Sequence[str] = (),
    time: str = "time",
    what: str = "prediction",
) -> Figure:
    """Plot series and, below each, how the model's prediction changes as it observes more of the series.

    Each channel has its own axis. More than four channels are standardized and share one.

    Args:
        series: The series and their predictions.
        classes: Names of the classes that the predictions are probabilities of; empty if they are numbers.
        truth: The true class or number of each series, if known; drawn as a thick or dashed line.
        channels: Names of the channels.
        time: Label of the time axis.
        what: Name of the predicted number.

    Returns:
        The figure.

    Raises:
        ValueError: If there are no series, lengths or numbers of channels differ, or numbers are to be drawn of which
            none is finite.

    Example:
        ```python
        import numpy as np
        from nde.plot import RunningPrediction, plot_running_predictions

        ts = np.arange(10.0)
        yes = ts / 9
        ramp = RunningPrediction("a ramp", ts, yes[:, None], ts, np.stack([yes, 1 - yes], axis=1))
        plot_running_predictions([ramp], classes=["rises", "falls"], truth=["rises"]).savefig("predictions.png")
        ```
    """
    check_some("series", series)
    if len(truth):
        check_lengths(series=series, truth=truth)
    for each in series:
        _check_outputs(each, len(classes) or 1)
    names, drawn = _own_axes(series, channels)
    columns = min(_COLUMNS, len(series))
    rows = -(-len(series) // columns)
    heights = (*[max(3.0 / len(names), 1.3)] * len(names), 2.0)
    size = (1.2 + 3.0 * columns, 0.7 + 0.7 * sum(heights) * rows)
    figure = Figure(figsize=size, layout="constrained", dpi=130)
    subfigures = figure.subfigures(rows, columns, squeeze=False, wspace=0.02, hspace=0.02)
    colors = _class_colors(series, classes, truth)
    for place, each in enumerate(series):
        subfigure = subfigures[place // columns][place % columns]
        *above, below = subfigure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        _draw_series(above, each, drawn[place])
        true = truth[place] if len(truth) else None
        if len(classes):
            _draw_probabilities(below, each, classes, true, colors)
        else:
            _draw_number(below, each, true)
            below.set_ylim(*_limits(series, truth))
        draw_time_axis(below, each.ts, time, 8.5)
        if place % columns == 0:
            below.set_ylabel("probability" if len(classes) else what, color=INK, fontsize=8.5)
            for panel, name in zip(above, names, strict=True):
                panel.set_ylabel(name, color=INK, fontsize=8.5)
    _legend(figure, colors, len(classes) > len(colors), bool(len(classes)), bool(len(truth)))
    return figure


def _own_axes(series: Sequence[RunningPrediction], channels: Sequence[str]) -> tuple[list[str], list[list[np.ndarray]]]:
    """The label of each axis, and the channels of each series that are drawn in each axis."""
    counts = {each.ys.shape[1] for each in series} | ({len(channels)} if len(channels) else set())
    if len(counts) > 1:
        raise ValueError(f"All series must have the same channels, each with a name; got {sorted(counts)} channels.")
    (count,) = counts
    if count > _MOST_CHANNELS:
        return ["channels, standardized"], [[each] for each in _standardized([each.ys for each in series])]
    names = list(channels) or ["series" if count == 1 else f"channel {i}" for i in range(count)]
    return names, [[each.ys[:, [channel]] for channel in range(count)] for each in series]


def _standardized(ys: Sequence[Float[np.ndarray, "_ channels"]]) -> list[Float[np.ndarray, "_ channels"]]:
    """The channels of all series with mean 0 and standard deviation 1; constant and missing ones with mean 0."""
    every = np.ma.masked_invalid(np.concatenate(ys))
    deviation = every.std(axis=0).filled(0.0)
    return [(each - every.mean(axis=0).filled(0.0)) / np.where(deviation > 0, deviation, 1.0) for each in ys]


def _check_outputs(series: RunningPrediction, outputs: int) -> None:
    if series.predictions.shape[1:] != (outputs,):
        raise ValueError(
            f"predictions must have shape (prefixes, {outputs}), a column for each class or one for numbers; got "
            f"{series.predictions.shape}."
        )


def _draw_series(panels: Sequence[Axes], series: RunningPrediction, ys: Sequence[np.ndarray]) -> None:
    mark = "o" if len(series.ts) <= 60 else ""
    for panel, channels in zip(panels, ys, strict=True):
        style_axes(panel)
        panel.tick_params(labelsize=8)
        for values in channels.T:
            known = ~np.isnan(values)
            panel.plot(series.ts[known], values[known], color=INK, marker=mark, markersize=2, linewidth=0.7, alpha=0.55)
    panels[0].set_title(series.title, color=INK, fontsize=9, loc="left")


def _draw_probabilities(
    panel: Axes, series: RunningPrediction, classes: Sequence[str], true: float | str | None, colors: dict[str, str]
) -> None:
    style_axes(panel)
    for name, probability in zip(classes, series.predictions.T, strict=True):
        color = colors.get(name, FAINT)
        width = 2.6 if name == true else 1.2
        order = 3 if name == true else 2 if name in colors else 1
        panel.step(series.predicted_at, probability, where="post", color=color, linewidth=width, zorder=order)
        panel.plot(series.predicted_at[-1:], probability[-1:], "o", color=color, markersize=1.6 + width, zorder=order)
    panel.set_ylim(-0.04, 1.04)
    panel.tick_params(labelsize=8)


def _draw_number(panel: Axes, series: RunningPrediction, true: float | str | None) -> None:
    style_axes(panel)
    predictions = series.predictions[:, 0]
    panel.step(series.predicted_at, predictions, where="post", color=COLORS[0], linewidth=1.8, zorder=2)
    panel.plot(series.predicted_at[-1:], predictions[-1:], "o", color=COLORS[0], markersize=4, zorder=3)
    if isinstance(true, int | float):
        panel.axhline(true, color=COLORS[1], linewidth=1.4, linestyle="--", zorder=1)
    panel.tick_params(labelsize=8)


def _limits(series: Sequence[RunningPrediction], truth: Sequence[float | str]) -> tuple[float, float]:
    """Axis limits that contain all predicted and true numbers, with a margin."""
    every = finite("predictions", *(each.predictions for each in series), np.array(truth, float))
    low, high = float(every.min()), float(every.max())
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _class_colors(
    series: Sequence[RunningPrediction], classes: Sequence[str], truth: Sequence[float | str]
) -> dict[str, str]:
    """A color for each class if there are few, else for those that are true of these series or predicted for them."""
    if len(classes) <= len(_CLASSES):
        return dict(zip(classes, _CLASSES, strict=False))
    ends = [classes[int(each.predictions[-1].argmax())] for each in series]
    named = dict.fromkeys([*(str(name) for name in truth), *ends])
    shown = [name for name in named if name in classes][: len(_CLASSES)]
    return dict(zip([name for name in classes if name in shown], _CLASSES, strict=False))


def _legend(figure: Figure, colors: dict[str, str], others: bool, classes: bool, truth: bool) -> None:
    lines = [Line2D([], [], color=color, linewidth=2, label=name) for name, color in colors.items()]
    if others:
        lines.append(Line2D([], [], color=FAINT, linewidth=1.2, label="other classes"))
    if classes and truth:
        lines.append(Line2D([], [], color=INK, linewidth=2.8, label="true class (thick)"))
    if not classes:
        lines.append(Line2D([], [], color=COLORS[0], linewidth=1.8, label="prediction from the series so far"))
    if not classes and truth:
        lines.append(Line2D([], [], color=COLORS[1], linewidth=1.4, linestyle="--", label="truth"))
    figure.legend(handles=lines, frameon=False, fontsize=8.5, ncols=8, handlelength=1.6, loc="outside upper left")
