"""Series, what was kept from a model, and what it says of that."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nde.plot.look import COLORS, HELD, INK, calm

_MOST_CHANNELS = 4
_MANY = 80
"""Measurements that are small dots."""


@dataclasses.dataclass(frozen=True, eq=False)
class Course:
    """What a model saw of a series, what was kept from it, and what it says.

    Attributes:
        title: About the series.
        ts: Times of what it saw.
        ys: The channels; `nan` for what was not observed.
        kept_ts: Times of what was kept from it.
        kept_ys: That; `nan` for all else.
        said_ts: Times of what it says.
        said_ys: That.

    Example:
        See `plot_courses`.
    """

    title: str
    ts: Float[np.ndarray, " rows"]
    ys: Float[np.ndarray, "rows channels"]
    kept_ts: Float[np.ndarray, " kept"]
    kept_ys: Float[np.ndarray, "kept channels"]
    said_ts: Float[np.ndarray, " said"]
    said_ys: Float[np.ndarray, "said channels"]


def plot_courses(
    courses: Sequence[Course],
    channels: Sequence[str],
    *,
    time: str = "time",
    kept: str = "came later",
    said: str = "forecast",
) -> Figure:
    """A column for each series and a row for each channel, at most four: dots, circles for what was kept, and a line.

    What lies behind the last row that was seen is shaded.

    Args:
        courses: The series.
        channels: What the channels are called.
        time: What the times are called.
        kept: What the circles are called.
        said: What the line is called.

    Example:
        ```python
        import numpy as np
        from nde.plot import Course, plot_courses

        ts = np.arange(20.0)
        ys = np.sin(ts)[:, None]
        course = Course("a wave", ts[:14], ys[:14], ts[14:], ys[14:], ts[13:], ys[13:] * 0.9)
        plot_courses([course], ["height"]).savefig("courses.png")
        ```
    """
    names = list(channels)[:_MOST_CHANNELS]
    size = (1.4 + 2.7 * max(2, len(courses)), 1.1 + 1.9 * len(names))
    made = Figure(figsize=size, layout="constrained", dpi=130)
    axes = made.subplots(len(names), len(courses), sharex="col", sharey="row", squeeze=False)
    for place, course in enumerate(courses):
        for channel in range(len(names)):
            _draw(axes[channel][place], course, channel)
        axes[0][place].set_title(_short(course.title), color=INK, fontsize=9, loc="left")
        axes[-1][place].set_xlabel(time, color=INK, fontsize=8.5)
    for channel, name in enumerate(names):
        axes[channel][0].set_ylabel(_short(name), color=INK, fontsize=8.5)
    _legend(made, kept, said)
    return made


def _draw(axes: Axes, course: Course, channel: int) -> None:
    calm(axes)
    axes.tick_params(labelsize=8)
    last = course.ts[-1]
    if course.kept_ts[-1] > last:
        axes.axvspan(last, course.kept_ts[-1], color=HELD, zorder=0)
    size = 1.8 if len(course.ts) > _MANY else 3.2
    axes.plot(course.ts, course.ys[:, channel], "o", color=INK, markersize=size, zorder=2)
    axes.plot(
        course.kept_ts,
        course.kept_ys[:, channel],
        "o",
        color=COLORS[1],
        markerfacecolor="white",
        markersize=size + 0.8,
        zorder=3,
    )
    axes.plot(course.said_ts, course.said_ys[:, channel], color=COLORS[0], linewidth=1.5, zorder=4, alpha=0.9)


def _legend(made: Figure, kept: str, said: str) -> None:
    handles = [
        Line2D([], [], color=INK, marker="o", linestyle="", markersize=3.2, label="seen"),
        Line2D([], [], color=COLORS[1], marker="o", markerfacecolor="white", linestyle="", markersize=4, label=kept),
        Line2D([], [], color=COLORS[0], linewidth=1.5, label=said),
    ]
    made.legend(handles=handles, frameon=False, fontsize=8.5, ncols=3, handlelength=1.6, loc="outside upper left")


def _short(name: str, most: int = 22) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
