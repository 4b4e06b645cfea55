"""Times on plots: dates are drawn as dates."""

from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import MaxNLocator

from nde.data import Clock, Table
from nde.plot.style import INK

_MOST_TICKS = 6


def dates_or_numbers(
    ts: Float[np.ndarray, " times"], clock: Clock | None, series: int = 0
) -> Shaped[np.ndarray, " times"]:
    """Convert times to dates, of the clocks of their time zone, if the data have dates; others are unchanged.

    Args:
        ts: Times as the clock counts them.
        clock: The clock, if there is one.
        series: Index of their series.
    """
    if clock is None or clock.origins.dtype.kind != "M":
        return ts
    dates = clock.restore(ts, series)
    return dates if clock.zone is None else clock.zone.to_wall(dates)


def table_times(table: Table, ts: Float[np.ndarray, " times"]) -> Shaped[np.ndarray, " times"]:
    """Times that a table counts, as dates if it has dates."""
    return dates_or_numbers(ts, table.clock)


def time_label(name: str, clock: Clock) -> str:
    """The label of an axis of times from `dates_or_numbers`, with the unit of durations."""
    return f"{name} ({clock.unit})" if clock.origins.dtype.kind == "m" else name


def plain_dates(times: Any) -> np.ndarray:
    """Times as an array that Matplotlib draws; dates with a time zone become those of its clocks."""
    if getattr(times, "tz", None) is not None:
        times = times.tz_localize(None)
    return np.asarray(times)


def draw_time_axis(axes: Axes, ts: Shaped[np.ndarray, " times"], name: str, size: float = 10.0) -> None:
    """Label the horizontal axis of a plot over time.

    Args:
        axes: The axes.
        ts: Some times that are drawn, numbers or dates: all whole numbers get no fractions between them.
        name: The label.
        size: Font size of the label.
    """
    axes.set_xlabel(name, color=INK, fontsize=size)
    if ts.dtype.kind == "M":
        locator = AutoDateLocator(minticks=3, maxticks=_MOST_TICKS)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    elif ts.dtype.kind in "iuf":
        axes.xaxis.set_major_locator(MaxNLocator(nbins=_MOST_TICKS, integer=bool((ts == np.round(ts)).all())))
