"""Tables of measurements."""

import dataclasses
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from nde.data.plural import pluralize


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


@dataclasses.dataclass(frozen=True)
class Table:
    """Table of measurements of some quantities over time: one time series.

    Attributes:
        time_name: Name of the time column.
        names: Names of the quantities.
        ts: Times in any unit, of shape `(rows,)`, strictly increasing.
        ys: Measurements in any unit, of shape `(rows, columns)`; `nan` for missing values.

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

    def __post_init__(self) -> None:
        if len(self.ts) < self.least_rows:
            raise DataError(
                f"Got {pluralize(len(self.ts), 'row')}; at least {self.least_rows} are needed. Add measurements."
            )
        self._check_times()
        for name, column in zip(self.names, self.ys.T, strict=True):
            if np.isinf(column).any():
                row = int(np.argmax(np.isinf(column))) + 1
                raise DataError(f"Column '{name}' is infinite in row {row}; leave missing values empty.")
            if np.count_nonzero(~np.isnan(column)) < self.least_values:
                raise DataError(f"Column '{name}' is empty in all {len(column)} rows; leave it out, or add values.")

    def _check_times(self) -> None:
        name, ts = self.time_name, self.ts
        if not np.isfinite(ts).all():
            row = int(np.argmin(np.isfinite(ts))) + 1
            raise DataError(f"Time column '{name}' has no finite time in row {row}; every row must have one.")
        late = np.flatnonzero(np.diff(ts) <= 0)
        if late.size:
            row = int(late[0]) + 2
            what = "repeats the time" if ts[row - 1] == ts[row - 2] else "goes back from"
            raise DataError(
                f"Time column '{name}' {what} {ts[row - 2]:.15g} in row {row}; times must increase. Sort the rows, and "
                "merge rows with the same time."
            )

    def split(self, holdout: int) -> tuple["Table", "Table | None"]:
        """Split off the last rows as a holdout.

        Args:
            holdout: Number of rows to hold out.

        Returns:
            The rows to fit, and the held-out rows, or `None` if `holdout` is 0.

        Raises:
            DataError: If `holdout` is negative, or leaves too few rows or an empty column to fit.
        """
        left, least = len(self.ts) - holdout, self.least_rows
        if holdout < 0 or left < least:
            raise DataError(
                f"Got {pluralize(holdout, 'row')} to hold out of {len(self.ts)}; choose between 0 and "
                f"{max(0, len(self.ts) - least)}, to leave at least {least} to fit."
            )
        if not holdout:
            return self, None
        return self._rows(slice(None, left), type(self)), self._rows(slice(left, None), _Holdout)

    def _rows(self, rows: slice, make: type["Table"]) -> "Table":
        return make(self.time_name, self.names, self.ts[rows], self.ys[rows])


class Series(Table):
    """Table of one of several series: it may have as few as two rows, and whole columns may be missing.

    Attributes:
        time_name: Name of the time column.
        names: Names of the columns.
        ts: Times, of shape `(rows,)`, increasing.
        ys: Values, of shape `(rows, columns)`; `nan` for missing ones.

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
