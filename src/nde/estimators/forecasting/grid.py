"""Dates on a grid, such as months, of which some may be missing."""

import dataclasses
import warnings
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

BUSINESS_DAYS = "B"
_LEAST_DAYS = 15
"""Business days without a weekend that are no accident."""
_SHORTEST_MONTH = 28


@dataclasses.dataclass(frozen=True)
class Grid:
    """A grid that dates are on.

    Attributes:
        frequency: The frequency of the grid, as pandas knows it.
        ts: The places of the dates on the grid; the first is 0.
    """

    frequency: Any
    ts: Float[np.ndarray, " rows"]

    @classmethod
    def of(cls, index: pd.DatetimeIndex) -> "Grid | None":
        """The grid of some dates: complete, or with gaps; `None` if they are irregular.

        Args:
            index: Increasing dates.
        """
        if len(index) < 3:
            return None
        frequency = _frequency(index)
        if frequency is not None:
            return cls(frequency, np.arange(len(index), dtype=np.float64))
        return _months(index) or _business_days(index) or _spacings(index)


def _frequency(index: pd.DatetimeIndex) -> str | None:
    """The name of the frequency of dates of which none is missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas announces that it will return an object
        found: Any = pd.infer_freq(index)
    return found if found is None or isinstance(found, str) else found.freqstr


def _months(index: pd.DatetimeIndex) -> Grid | None:
    """Every month, quarter or year, on the same day or the last."""
    wall = _wall(index)
    months = 12 * wall.year.to_numpy() + wall.month.to_numpy()
    gaps = np.diff(months)
    step = int(np.median(gaps))
    clock = wall - wall.normalize()
    if step < 1 or (gaps < step).any() or (gaps % step).any() or clock.nunique() > 1:
        return None
    ts = (months - months[0]) / step
    if wall.is_month_end.all():
        return Grid(pd.offsets.MonthEnd(step), ts)
    if wall.day.nunique() == 1 and wall.day[0] <= _SHORTEST_MONTH:
        return Grid(pd.DateOffset(months=step), ts)
    return None


def _business_days(index: pd.DatetimeIndex) -> Grid | None:
    """Days of which none is on a weekend."""
    wall = _wall(index)
    days = wall.normalize()
    gaps = np.diff(days.to_numpy()) / np.timedelta64(1, "D")
    if len(index) < _LEAST_DAYS or (wall != days).any() or np.median(gaps) != 1 or (wall.day_of_week > 4).any():
        return None
    dates = days.to_numpy().astype("datetime64[D]")
    return Grid(BUSINESS_DAYS, np.busday_count(dates[0], dates).astype(np.float64))


def _spacings(index: pd.DatetimeIndex) -> Grid | None:
    """Multiples of the usual spacing: of whole days on the wall clock, else of time."""
    for times, whole_days in ((_wall(index), True), (index.tz_convert(None) if index.tz else index, False)):
        ticks = times.to_numpy().astype("datetime64[us]").astype(np.int64)
        gaps = np.diff(ticks)
        step = int(np.median(gaps))
        days = step / 86_400_000_000
        if step < 1 or (gaps % step).any() or (whole_days and not days.is_integer()):
            continue
        frequency = pd.DateOffset(days=int(days)) if whole_days else pd.Timedelta(step, "us")
        return Grid(frequency, (ticks - ticks[0]) / step)
    return None


def _wall(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Dates as a clock on the wall shows them."""
    return index if index.tz is None else index.tz_localize(None)
