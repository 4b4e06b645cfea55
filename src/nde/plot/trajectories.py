"""Plots of predicted trajectories beside what was observed and held out."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nde.data.plural import pluralize
from nde.plot.checks import check_lengths, check_some
from nde.plot.style import COLORS, INK, SHADE, style_axes
from nde.plot.times import draw_time_axis

_MOST_CHANNELS = 4
_MANY = 80
"""The number of measurements above which dots are smaller."""


@dataclasses.dataclass(frozen=True, eq=False)
class Trajectory:
    """One series for `plot_trajectories`: what the model observed, what was held out, and what it predicted.

    Attributes:
        title: Title above the series.
        ts: Times of the observed rows, of shape `(rows,)`: numbers, or NumPy dates, which are drawn as dates.
        ys: Observed channels, of shape `(rows, channels)`; `nan` for missing values.
        holdout_ts: Times of the held-out rows.
        holdout_ys: Held-out values of the channels; `nan` elsewhere.
        predicted_ts: Times of the predictions.
        predicted_ys: Predicted values of the channels.

    Raises:
        ValueError: If there are no observed rows, or times and values differ in length or channels.

    Example:
        See `plot_trajectories`.
    """

    title: str
    ts: Shaped[np.ndarray, " rows"]
    ys: Float[np.ndarray, "rows channels"]
    holdout_ts: Shaped[np.ndarray, " holdout"]
    holdout_ys: Float[np.ndarray, "holdout channels"]
    predicted_ts: Shaped[np.ndarray, " predicted"]
    predicted_ys: Float[np.ndarray, "predicted channels"]

    def __post_init__(self) -> None:
        check_some("ts", self.ts)
        check_lengths(ts=self.ts, ys=self.ys)
        check_lengths(holdout_ts=self.holdout_ts, holdout_ys=self.holdout_ys)
        check_lengths(predicted_ts=self.predicted_ts, predicted_ys=self.predicted_ys)
        columns = [each.shape[1:] for each in (self.ys, self.holdout_ys, self.predicted_ys)]
        if len(set(columns)) > 1 or len(columns[0]) != 1:
            raise ValueError(
                "ys, holdout_ys and predicted_ys must have two axes and the same number of channels; got the shapes "
                f"{self.ys.shape}, {self.holdout_ys.shape} and {self.predicted_ys.shape}."
            )


def plot_trajectories(
    trajectories: Sequence[Trajectory],
    channels: Sequence[str],
    *,
    time: str = "time",
    holdout: str = "held out",
    prediction: str = "forecast",
) -> Figure:
    """Plot observed, held-out and predicted values of several series.

    The figure has one column for each series and one row for each of the first four channels. Observations are dots,
    held-out values are circles, and predictions are a line. The time after the last observation is shaded.

    Args:
        trajectories: The series.
        channels: Names of the channels.
        time: Label of the time axis.
        holdout: Legend label of held-out values.
        prediction: Legend label of predictions.

    Returns:
        The figure.

    Raises:
        ValueError: If there are no trajectories or channels, or a trajectory does not have one column for each channel.

    Example:
        ```python
        import numpy as np
        from nde.plot import Trajectory, plot_trajectories

        ts = np.arange(20.0)
        ys = np.sin(ts)[:, None]
        wave = Trajectory("a wave", ts[:14], ys[:14], ts[14:], ys[14:], ts[13:], ys[13:] * 0.9)
        plot_trajectories([wave], ["height"]).savefig("trajectories.png")
        ```
    """
    check_some("trajectories", trajectories)
    check_some("channels", channels)
    for each in trajectories:
        if each.ys.shape[1] != len(channels):
            raise ValueError(
                f"channels must have a name for each of {pluralize(each.ys.shape[1], 'channel')}; got {len(channels)}."
            )
    names = list(channels)[:_MOST_CHANNELS]
    size = (1.4 + 2.7 * max(2, len(trajectories)), 1.1 + 1.9 * len(names))
    figure = Figure(figsize=size, layout="constrained", dpi=130)
    axes = figure.subplots(len(names), len(trajectories), sharex="col", sharey="row", squeeze=False)
    for column, trajectory in enumerate(trajectories):
        for channel in range(len(names)):
            _draw(axes[channel][column], trajectory, channel)
        axes[0][column].set_title(_short(trajectory.title), color=INK, fontsize=9, loc="left")
        draw_time_axis(axes[-1][column], trajectory.ts, time, 8.5)
    for channel, name in enumerate(names):
        axes[channel][0].set_ylabel(_short(name), color=INK, fontsize=8.5)
    _legend(figure, holdout, prediction)
    return figure


def _draw(axes: Axes, trajectory: Trajectory, channel: int) -> None:
    style_axes(axes)
    axes.tick_params(labelsize=8)
    last = trajectory.ts[-1]
    if len(trajectory.holdout_ts) and trajectory.holdout_ts[-1] > last:
        axes.axvspan(last, trajectory.holdout_ts[-1], color=SHADE, zorder=0)
    size = 1.8 if len(trajectory.ts) > _MANY else 3.2
    axes.plot(trajectory.ts, trajectory.ys[:, channel], "o", color=INK, markersize=size, zorder=2)
    axes.plot(
        trajectory.holdout_ts,
        trajectory.holdout_ys[:, channel],
        "o",
        color=COLORS[1],
        markerfacecolor="white",
        markersize=size + 0.8,
        zorder=3,
    )
    predicted = trajectory.predicted_ys[:, channel]
    axes.plot(trajectory.predicted_ts, predicted, color=COLORS[0], linewidth=1.5, zorder=4, alpha=0.9)


def _legend(figure: Figure, holdout: str, prediction: str) -> None:
    handles = [
        Line2D([], [], color=INK, marker="o", linestyle="", markersize=3.2, label="observed"),
        Line2D([], [], color=COLORS[1], marker="o", markerfacecolor="white", linestyle="", markersize=4, label=holdout),
        Line2D([], [], color=COLORS[0], linewidth=1.5, label=prediction),
    ]
    figure.legend(handles=handles, frameon=False, fontsize=8.5, ncols=3, handlelength=1.6, loc="outside upper left")


def _short(name: str, most: int = 22) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
