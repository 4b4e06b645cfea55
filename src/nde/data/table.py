"""Tables of measurements."""

import dataclasses
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from nde.data.plural import pluralize
from nde.data.times.text import time_text


class DataError(ValueError):
    """Error for invalid data. The message says in one line what came, what was expected, and what to try.

    Example:
        ```python
        from nde.data import DataError, read_csv

        try:
            read_csv("no-such-file.csv", time="t", states=["x"])
        except DataError as error:
            print(error)
        ```
    """

    def __init__(self, message: str) -> None:
        # Names and cells of a broken file may have line breaks.
        super().__init__(" ".join(message.splitlines()))


@dataclasses.dataclass(frozen=True)
class Table:
    """Table of measurements of some quantities over time: one time series.

    Attributes:
        time_name: Name of the time column.
        names: Names of the quantities.
        ts: Times in any unit, of shape `(rows,)`, strictly increasing.
        ys: Measurements in any unit, of shape `(rows, columns)`; `nan` for missing values.
        notes: What was guessed when the table was read from a file, one sentence each.
        clock: The `nde.data.Clock` that turns times into the dates of the file; `None` if the file has numbers.
        options: The `nde.data.ReadOptions` to read another file in the same way, with the order of day and month that
            was found; `None` if the table is not from a file.

    Raises:
        DataError: If times are not finite or do not increase; if a value is infinite or a whole column is missing; or
            if there are fewer than five rows.

    Example:
        ```python
        import numpy as np
        from nde.data import Table

        table = Table("t", ("x",), np.arange(6.0), np.ones((6, 1)))
        print(len(table.split(1)[0].ts))
        ```
    """

    least_rows: ClassVar[int] = 5
    least_values: ClassVar[int] = 1

    time_name: str
    names: tuple[str, ...]
    ts: Float[np.ndarray, " rows"]
    ys: Float[np.ndarray, "rows columns"]
    notes: tuple[str, ...] = ()
    clock: Any = None
    options: Any = None

    def __post_init__(self) -> None:
        if len(self.ts) < self.least_rows:
            raise DataError(
                f"Got {pluralize(len(self.ts), 'row')}; at least {self.least_rows} are needed. Add measurements."
            )
        self._check_times()
        for name, column in zip(self.names, self.ys.T, strict=True):
            check_bounded(column, name)
            if np.count_nonzero(~np.isnan(column)) < self.least_values:
                raise DataError(f"Column '{name}' is empty in all {len(column)} rows; leave it out, or add values.")

    def _check_times(self) -> None:
        name, ts = self.time_name, self.ts
        if not np.isfinite(ts).all():
            row = int(np.argmin(np.isfinite(ts))) + 1
            raise DataError(f"Time column '{name}' has no finite time in row {row}; every row must have one.")
        check_increasing(ts, name)

    def split(self, holdout: int) -> tuple["Table", "Table | None"]:
        """Split off the last rows as a holdout.

        Args:
            holdout: Number of rows to hold out.

        Returns:
            The rows to fit, and the held-out rows, or `None` if `holdout` is 0.

        Raises:
            DataError: If `holdout` is negative, or leaves too few rows or an empty column to fit.
        """
        check_holdout(holdout, len(self.ts), self.least_rows)
        left = len(self.ts) - holdout
        if not holdout:
            return self, None
        return self._rows(slice(None, left), type(self)), self._rows(slice(left, None), _Holdout)

    def _rows(self, rows: slice, make: type["Table"]) -> "Table":
        return make(self.time_name, self.names, self.ts[rows], self.ys[rows], self.notes, self.clock, self.options)


class Series(Table):
    """Table of one of several series: it may have as few as two rows, and whole columns may be missing.

    Attributes:
        time_name: Name of the time column.
        names: Names of the columns.
        ts: Times, of shape `(rows,)`, increasing.
        ys: Values, of shape `(rows, columns)`; `nan` for missing ones.
        notes: What was guessed when the series was read from a file.
        clock: The `nde.data.Clock` that turns times into the dates of the file.
        options: The `nde.data.ReadOptions` to read another file in the same way.

    Example:
        ```python
        import numpy as np
        from nde.data import Series

        print(Series("t", ("x",), np.array([0.0, 2.5]), np.array([[1.0], [1.2]])))
        ```
    """

    least_rows = 2
    least_values = 0


class _Holdout(Table):
    """Held-out rows: there may be few, and whole columns may be missing."""

    def __post_init__(self) -> None:
        """Nothing to check: the rows were checked as part of the whole table."""


def check_increasing(times: np.ndarray, name: str) -> None:
    """Check that times increase.

    Args:
        times: Numbers, dates or durations.
        name: The name of their column.

    Raises:
        DataError: If a time repeats, or goes back.
    """
    steps = np.diff(times)
    late = np.flatnonzero(steps <= np.zeros((), steps.dtype))
    if not late.size:
        return
    row = int(late[0]) + 2
    again = bool(times[row - 1] == times[row - 2])
    what = "repeats the time" if again else "goes back from"
    fix = f"Merge them by --duplicates mean, first or last{clock_hint(times)}." if again else "Sort the rows."
    raise DataError(f"Time column '{name}' {what} {time_text(times[row - 2])} in row {row}; times must increase. {fix}")


def clock_hint(times: np.ndarray) -> str:
    """What to do about a date that repeats, if the clock was put back; empty for numbers."""
    hint = "; or, if they are of the hour that repeats at the end of summer time, name the time zone with --timezone"
    return hint if times.dtype.kind == "M" else ""


def check_bounded(column: Float[np.ndarray, " rows"], name: str) -> None:
    """Check that no value is infinite.

    Raises:
        DataError: If one is.
    """
    if np.isinf(column).any():
        row = int(np.argmax(np.isinf(column))) + 1
        raise DataError(f"Column '{name}' is infinite in row {row}; leave missing values empty.")


def check_holdout(holdout: int, rows: int, least: int) -> None:
    """Check that so many of the last rows can be held out.

    Args:
        holdout: How many.
        rows: How many there are.
        least: How many must be left.

    Raises:
        DataError: If too few are left, or the number is negative.
    """
    if not 0 <= holdout <= rows - least:
        raise DataError(
            f"Got {pluralize(holdout, 'row')} to hold out of {rows}; choose between 0 and {max(0, rows - least)}, to "
            f"leave at least {least} to fit."
        )
