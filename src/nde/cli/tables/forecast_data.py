"""The rows of a table to forecast: those to learn from, those held out, and those known in part."""

import dataclasses

import numpy as np
import pandas as pd

from nde.data import DataError, Table
from nde.data.table import check_holdout


@dataclasses.dataclass(frozen=True, eq=False)
class ForecastData:
    """The data of a run.

    Attributes:
        table: All rows, with times as the index; the last ones may have only what is known in advance.
        known: The columns that are known in advance.
        holdout: How many of the rows that have more are held out, the last ones.
        window: How many rows a forecast learns from, the last ones; all if there is no number.
    """

    table: pd.DataFrame
    known: tuple[str, ...] = ()
    holdout: int = 0
    window: int | None = None

    @classmethod
    def split(
        cls, table: pd.DataFrame, known: tuple[str, ...], holdout: int, window: int | None = None
    ) -> "ForecastData":
        """Hold the last rows out.

        Raises:
            DataError: If too few rows are left.
        """
        data = cls(table, known, holdout, window)
        check_holdout(holdout, len(data.complete), Table.least_rows)
        return data

    @property
    def states(self) -> list[str]:
        """The columns to forecast."""
        return [name for name in self.table.columns if name not in self.known]

    @property
    def complete(self) -> pd.DataFrame:
        """The rows up to the last that has more than what is known in advance."""
        return self.table.iloc[: _complete_rows(self.table, self.states)] if self.known else self.table

    @property
    def past(self) -> pd.DataFrame:
        """What is to be forecast, in the rows that are not held out."""
        return self.complete[self.states].iloc[: len(self.complete) - self.holdout]

    @property
    def rest(self) -> pd.DataFrame:
        """What is to be forecast, in the rows that are held out."""
        return self.complete[self.states].iloc[len(self.complete) - self.holdout :]

    @property
    def rows_fitted(self) -> int:
        """How many rows a forecast of those held out, or of those after the last, learns from."""
        return len(self.past) - self._first(len(self.past))

    @property
    def learned(self) -> pd.DataFrame:
        """What a forecast of the rows after the last may see."""
        return self.table.iloc[self._first(len(self.complete)) :]

    @property
    def seen(self) -> pd.DataFrame:
        """What a forecast of the rows held out may see."""
        seen, first = self.complete.copy(), self._first(len(self.past))
        seen.loc[self.rest.index, self.states] = np.nan
        return (seen if self.known else self.past).iloc[first:]

    def _first(self, end: int) -> int:
        """The first row to learn from, of those up to an end."""
        return 0 if self.window is None else max(0, end - self.window)

    def with_future(self, future: pd.DataFrame) -> "ForecastData":
        """The same with other rows after the last.

        Args:
            future: Rows with the columns that are known in advance.

        Raises:
            DataError: If they begin before the last row ends, or have times of another kind.
        """
        complete = self.complete
        wanted, got = (_kind_of_times(frame.index) for frame in (complete, future))
        if got != wanted:
            raise DataError(f"The rows to forecast have {got} as times; those of the run are {wanted}.")
        if isinstance(complete.index, pd.DatetimeIndex) and complete.index.tz is not None:
            future = future.tz_convert(complete.index.tz)
        if future.index[0] <= complete.index[-1]:
            raise DataError(
                f"The rows to forecast begin at {future.index[0]}; they must come after the last of the run, "
                f"{complete.index[-1]}."
            )
        return dataclasses.replace(self, table=pd.concat([complete, future]))


def _kind_of_times(index: pd.Index) -> str:
    if not isinstance(index, pd.DatetimeIndex):
        return "numbers"
    return "dates without an offset from UTC" if index.tz is None else "dates with an offset from UTC"


def _complete_rows(table: pd.DataFrame, states: list[str]) -> int:
    has = np.flatnonzero(np.any(table[states].notna().to_numpy(), axis=1))
    return int(has[-1]) + 1 if has.size else 0
