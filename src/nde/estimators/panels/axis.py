"""Times of one series as numbers of its typical spacings."""

import dataclasses
from collections import Counter

import numpy as np
import pandas as pd
from jaxtyping import Float

from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.data.panel.clock import UNITS, Clock
from nde.estimators.forecasting.calendar import MOST_ROWS, Calendar

Times = Float[np.ndarray, " _"]


@dataclasses.dataclass(frozen=True)
class SeriesAxis:
    """The times of a series: in the unit of its panel, and in its typical spacings, where months are equal.

    Attributes:
        ts: Times of the rows, in the unit of the panel.
        steps: The same in typical spacings since the first row.
        spacing: The typical spacing, in the unit of the panel.
        suggested: The period of a season that the unit suggests, in typical spacings.
        place: The place of the series in its panel.
        clock: The clock of the panel.
        calendar: The dates of the rows; `None` for numbers, and for a single row.
    """

    ts: Times
    steps: Times
    spacing: float
    suggested: float | None
    place: int
    clock: Clock
    calendar: Calendar | None

    @classmethod
    def of(cls, ts: Times, place: int, clock: Clock, usual: float) -> "SeriesAxis":
        """The axis of a series.

        Args:
            ts: Times of the rows, in the unit of the panel.
            place: The place of the series in its panel.
            clock: The clock of the panel.
            usual: The spacing of a single row.
        """
        if len(ts) < 2:
            return cls(ts, np.zeros(len(ts)), usual, None, place, clock, None)
        dates = clock.unit is not None and clock.origins.dtype.kind == "M"
        calendar = Calendar.of(_wall_dates(ts, place, clock) if dates else ts)
        spacing = float(np.median(np.diff(ts)))
        return cls(ts, calendar.ts, spacing, calendar.suggested, place, clock, calendar if dates else None)

    def after(self, rows: int) -> Times:
        """The next times at the usual spacing, in the unit of the panel.

        Raises:
            DataError: If there are too many, or dates end too late.
        """
        if self.calendar is not None:
            self.calendar.check_rows(rows)
        elif rows > MOST_ROWS:
            raise DataError(f"Got {rows:,} rows to forecast; at most {MOST_ROWS:,} are possible.")
        if self.calendar is None or self.calendar.frequency is None:
            return self.ts[-1] + self.spacing * np.arange(1, rows + 1)
        dates = self.calendar.after(rows)[1]
        dates = (dates if dates.tz is None else dates.tz_convert(None)).to_numpy()
        elapsed = (dates - self.clock.origins[self.place]) / UNITS[f"{self.clock.unit}"]
        return (elapsed - self.clock.start) / self.clock.step

    def on_grid_of(self, other: "SeriesAxis") -> "SeriesAxis":
        """The axis of too few rows to tell, on the grid of another series, if its dates are on that."""
        assert other.calendar is not None
        frequency, dates = other.calendar.frequency, _wall_dates(self.ts, self.place, self.clock)
        places = pd.date_range(dates[0], dates[-1], freq=frequency).get_indexer(dates)
        if (places < 0).any():
            return self
        steps = places.astype(np.float64)
        calendar = dataclasses.replace(other.calendar, ts=steps, labels=dates)
        return dataclasses.replace(
            self, steps=steps, spacing=other.spacing, suggested=other.suggested, calendar=calendar
        )

    def to_steps(self, times: Times) -> Times:
        """Times in the unit of the panel, from the first row on, in typical spacings."""
        more = int(np.ceil((times.max() - self.ts[-1]) / self.spacing)) + 2 if times.size else 0
        more = min(max(more, 0), _MOST_STEPS)
        ts = np.concatenate([self.ts, self.after(more)])
        steps = np.concatenate([self.steps, self.steps[-1] + np.arange(1, more + 1)])
        beyond = np.maximum(times - ts[-1], 0.0) / self.spacing
        return np.interp(times, ts, steps) + beyond


_MOST_STEPS = 10_000
_LEAST_ON_GRID = 3
"""Rows that tell whether dates are on a grid."""


def _wall_dates(ts: Times, place: int, clock: Clock) -> pd.DatetimeIndex:
    """Dates in the time zone of their file, where days and months begin."""
    dates = pd.DatetimeIndex(clock.restore(ts, place))
    return dates if clock.zone is None else dates.tz_localize("UTC").tz_convert(clock.zone.tzinfo())


def axes_of(panel: TimeSeries) -> list[SeriesAxis]:
    """The axis of each series; a single row has the median spacing of all."""
    gaps = [np.diff(series.ts) for series in panel]
    every = np.concatenate(gaps)
    usual = float(np.median(every)) if every.size else 1.0
    axes = [SeriesAxis.of(series.ts, place, panel.clock, usual) for place, series in enumerate(panel)]
    like = _usual_axis(axes)
    return [axis if like is None or len(axis.ts) >= _LEAST_ON_GRID else axis.on_grid_of(like) for axis in axes]


def _usual_axis(axes: list[SeriesAxis]) -> SeriesAxis | None:
    """An axis with the most frequent grid of dates, if there is one."""
    on_grid = {axis.place: axis.calendar.frequency for axis in axes if axis.calendar is not None}
    counts = Counter(frequency for frequency in on_grid.values() if frequency is not None)
    if not counts:
        return None
    ((usual, _),) = counts.most_common(1)
    return next(axis for axis in axes if on_grid.get(axis.place) == usual)
