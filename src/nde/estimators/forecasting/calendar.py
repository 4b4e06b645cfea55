"""Times as numbers of typical spacings, and back."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from nde.data import DataError
from nde.data.plural import pluralize
from nde.data.times.long_numbers import as_doubles
from nde.estimators.forecasting.grid import BUSINESS_DAYS, Grid
from nde.estimators.forecasting.history import Values

_YEAR, _WEEK, _DAY = 365.2425, 7.0, 1.0
_SEASONS = (12.0, 4.0, 52.18, 365.25, 24.0, 7.0)
"""Rows in a season that numeric times suggest: those in a year that is the unit, or in a day, or week."""
_FURTHER = {7.0: 365.25 / 7, 1.0: 7.0}
"""For seasons of so many days, how many of them are in the next longer season: weeks in a year, and days in a week."""
_EXACT = 2e-3
_ROUNDED = 0.2
"""The largest share of the spacing by which gaps differ that are equal but for rounding."""
_MOST_DIGITS = 7
_LAST_YEAR = 5000
MOST_ROWS = 1_000_000
"""How many rows can be forecast."""


@dataclasses.dataclass(frozen=True)
class Calendar:
    """The times of a table: what a row's time is in typical spacings since the first, and what comes after the last.

    Attributes:
        ts: Times of the rows, in typical spacings since the first.
        labels: Times of the rows, as they came: numbers or dates.
        spacing: The typical spacing, in the unit of the times; in days for dates.
        frequency: The frequency of dates on a grid, perhaps with gaps, as pandas knows it; `None` for numbers and
            irregular dates.
        suggested: The period of a season that the unit suggests, in typical spacings.
        further: How many of these seasons are in a longer one; `None` if there is none.
    """

    ts: Float[np.ndarray, " rows"]
    labels: Any
    spacing: float
    frequency: Any
    suggested: float | None
    further: float | None = None

    @classmethod
    def of(cls, labels: Any) -> "Calendar":
        """Read the times of rows.

        Raises:
            DataError: If they do not increase, or are neither numbers nor dates.
        """
        index = pd.Index(labels)
        if isinstance(index, pd.PeriodIndex):
            index = index.to_timestamp()
        if not (isinstance(index, pd.DatetimeIndex) or pd.api.types.is_numeric_dtype(index)):
            raise DataError(f"Times must be numbers or dates; got {index.dtype}. Convert text with pandas.to_datetime.")
        if len(index) < 2 or index.hasnans or not index.is_monotonic_increasing or not index.is_unique:
            raise DataError("Times must increase, with none missing or twice, and there must be at least two.")
        if isinstance(index, pd.DatetimeIndex):
            return cls._of_dates(index)
        ts = as_doubles(np.asarray(index))
        spacing = _spacing(ts)
        rows = 1 / spacing
        suggested = next((season for season in _SEASONS if abs(rows / season - 1) < _EXACT), None)
        return cls((ts - ts[0]) / spacing, index, spacing, None, suggested)

    @classmethod
    def _of_dates(cls, index: pd.DatetimeIndex) -> "Calendar":
        days = np.asarray((index - index[0]) / pd.Timedelta(days=1), np.float64)
        spacing = float(np.median(np.diff(days)))
        grid = Grid.of(index)
        frequency, ts = (None, days / spacing) if grid is None else (grid.frequency, grid.ts)
        if frequency == BUSINESS_DAYS:
            return cls(ts, index, spacing, frequency, 5.0, _FURTHER[_WEEK])
        for season, least, most in ((_YEAR, 5.0, 200.0), (_WEEK, 0.9, 1.1), (_DAY, 1e-3, 0.5)):
            if least <= spacing <= most:
                months = None if not 27 < spacing < 93 else 12.0 if spacing < 60 else 4.0
                return cls(ts, index, spacing, frequency, months or season / spacing, _FURTHER.get(season))
        return cls(ts, index, spacing, frequency, None)

    def until(self, rows: int) -> "Calendar":
        """The first rows."""
        return dataclasses.replace(self, ts=self.ts[:rows], labels=self.labels[:rows])

    def after(self, rows: int) -> tuple[Values, Any]:
        """The next times, in typical spacings and as they would come, at the usual spacing.

        Raises:
            DataError: If there are too many, or dates end after the year 5000.
        """
        self.check_rows(rows)
        ts = self.ts[-1] + np.arange(1, rows + 1)
        if self.frequency is not None:
            return ts, pd.date_range(self.labels[-1], periods=rows + 1, freq=self.frequency)[1:]
        return ts, self.restore(ts)

    def check_rows(self, rows: int) -> None:
        """Refuse more rows at the usual spacing than can be forecast, written and drawn.

        Raises:
            DataError: If there are too many, or dates end after the year 5000.
        """
        if rows > MOST_ROWS:
            raise DataError(f"Got {rows:,} rows to forecast; at most {MOST_ROWS:,} are possible.")
        if isinstance(self.labels, pd.DatetimeIndex):
            last = self.labels.year.to_numpy()[-1] + rows * self.spacing / _YEAR
            if last > _LAST_YEAR:
                raise DataError(
                    f"{pluralize(rows, 'row')} after {self.labels[-1]} end after the year {_LAST_YEAR}; forecast fewer."
                )

    def at(self, times: Any) -> tuple[Values, Any]:
        """Later times in typical spacings, and as they came.

        Raises:
            DataError: If they are not later, do not increase, or are of another kind.
        """
        try:
            both = self.labels.append(pd.Index(times))
            every = Calendar.of(both)
        except (TypeError, DataError) as error:
            raise DataError(
                f"Times to forecast must increase, come after {self.labels[-1]}, and be numbers or dates as in the "
                f"table. {error}"
            ) from None
        rows = len(self.labels)
        if len(both) == rows:
            raise DataError("Got no times to forecast; expected at least one.")
        if np.array_equal(every.ts[:rows], self.ts):
            return every.ts[rows:], both[rows:]
        # Off the grid: in mean spacings.
        elapsed = both - both[0]
        share = np.asarray(elapsed / elapsed[rows - 1], np.float64)
        return self.ts[0] + share[rows:] * (self.ts[-1] - self.ts[0]), both[rows:]

    def restore(self, ts: Values) -> Any:
        """Times as they came, of times in typical spacings."""
        if isinstance(self.labels, pd.DatetimeIndex):
            return self.labels[-1] + pd.to_timedelta((ts - self.ts[-1]) * self.spacing, unit="D").round("us")
        known = np.asarray(self.labels, np.float64)
        times = known[0] + ts * self.spacing
        digits = next((digits for digits in range(_MOST_DIGITS) if (np.round(known, digits) == known).all()), None)
        return times if digits is None or self.spacing < 10.0**-digits else np.round(times, digits)


def _spacing(ts: Float[np.ndarray, " rows"]) -> float:
    """The typical spacing of numbers; its mean, if they are regular but for rounding, such as years of two decimals."""
    gaps = np.diff(ts)
    usual = float(np.median(gaps))
    steps = np.rint(gaps / usual)
    regular = (steps > 0).all() and (np.abs(gaps - steps * usual) < _ROUNDED * usual).all()
    return float((ts[-1] - ts[0]) / steps.sum()) if regular else usual
