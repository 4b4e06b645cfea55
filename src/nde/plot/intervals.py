"""Plot of a forecast with intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.data.plural import pluralize
from nde.plot.style import COLORS, INK, stacked_figure
from nde.plot.times import draw_time_axis, plain_dates

_MOST_ROWS = 3
"""How many rows of the past are shown for each row of the forecast, at most."""
_LEAST_ROWS = 40
_FAINTEST = 0.13


def plot_intervals(
    times: Any,
    ys: Float[np.ndarray, "rows columns"],
    names: Sequence[str],
    future: Any,
    median: Float[np.ndarray, "ahead columns"],
    intervals: Mapping[int, tuple[Float[np.ndarray, "ahead columns"], Float[np.ndarray, "ahead columns"]]],
    *,
    time: str = "",
) -> Figure:
    """Plot the last rows of a table and a forecast with intervals, one panel for each column.

    Args:
        times: Times of the rows, numbers or dates.
        ys: The table; `nan` for missing values.
        names: Names of the columns.
        future: Times of the forecast.
        median: Its medians.
        intervals: For each level in percent, the lower and upper ends.
        time: Label of the time axis.

    Returns:
        The figure.

    Raises:
        ValueError: If there is not one name for each column, or one time for each row.

    Example:
        ```python
        import numpy as np
        from nde.plot import plot_intervals

        past = np.arange(10.0)[:, None]
        median = np.arange(10.0, 14.0)[:, None]
        figure = plot_intervals(range(10), past, ["x"], range(10, 14), median, {80: (median - 1, median + 1)})
        figure.savefig("intervals.png")
        ```
    """
    if len(names) != ys.shape[1] or len(times) != len(ys) or len(future) != len(median):
        raise ValueError(
            f"Expected a name for each of {pluralize(ys.shape[1], 'column')}, and a time for each of "
            f"{pluralize(len(ys), 'row')} and {pluralize(len(median), 'row')} of the forecast; got {len(names)}, "
            f"{len(times)} and {len(future)}."
        )
    times, future = plain_dates(times), plain_dates(future)
    first = max(0, len(ys) - max(_LEAST_ROWS, _MOST_ROWS * len(median)))
    figure, panels = stacked_figure(8.0, 1.2 + 2.3 * len(names), rows=len(names))
    for column, (name, panel) in enumerate(zip(names, panels, strict=True)):
        panel.plot(times[first:], ys[first:, column], "o-", color=INK, markersize=2.5, linewidth=0.8, label="measured")
        for place, level in enumerate(sorted(intervals, reverse=True)):
            lower, upper = (end[:, column] for end in intervals[level])
            shade = _FAINTEST * (place + 1)
            panel.fill_between(future, lower, upper, color=COLORS[0], alpha=shade, linewidth=0, label=f"{level}%")
        panel.plot(future, median[:, column], color=COLORS[0], linewidth=1.6, label="median")
        panel.set_ylabel(name, color=INK)
    draw_time_axis(panels[-1], times, time)
    panels[0].legend(frameon=False, fontsize=8.5, ncols=6, loc="lower left", bbox_to_anchor=(0.0, 1.0))
    return figure
