"""Rows of panels from data frames."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from nde.core.extras import require
from nde.data.frames import did_you_mean
from nde.data.panel.rows import Rows
from nde.data.table import DataError
from nde.data.times.native import naive_times

if TYPE_CHECKING:
    import pandas


def rows_of_frame(
    frame: "pandas.DataFrame",
    series: str | None,
    time: str,
    channels: Sequence[str] | None,
    static: Sequence[str],
    target: str | None,
) -> Rows:
    """Convert a long data frame to rows; see `TimeSeries.from_frame`.

    Raises:
        DataError: If a column is missing or not numeric, a row has no series or time, or a static feature or target
            changes within a series.
    """
    table: Any = frame.rename(columns=str)
    special = [name for name in (series, time, *static, target) if name is not None]
    if channels is None:
        channels = [name for name in table.columns if name not in special]
    _check_columns(table, [*special, *channels])
    if not len(table):
        raise DataError("Got a data frame without rows; expected at least one.")
    codes, ids = _owners(table, series)
    times = times_of(table[time], time)
    order = np.lexsort((times, codes))
    lengths = np.bincount(codes)
    columns = {name: numbers_of(table[name], name)[order] for name in (*channels, *static)}
    features = [first_of_each(columns[name], name, lengths, ids) for name in static]
    targets = None if target is None else _targets(table[target], target, order, lengths, ids)
    return Rows(
        ids=ids,
        lengths=lengths,
        times=times[order],
        ys=_side_by_side([columns[name] for name in channels], len(table)),
        channels=tuple(channels),
        static=_side_by_side(features, len(ids)),
        static_names=tuple(static),
        targets=targets,
    )


def times_of(column: "pandas.Series", name: str) -> np.ndarray:
    """A column of times as numbers, dates (in UTC if they have a time zone) or durations.

    Raises:
        DataError: If the column has another type, or a time is missing.
    """
    column, _ = naive_times(column)
    if column.isna().any():
        row = int(np.argmax(column.isna().to_numpy())) + 1
        raise DataError(f"Time column '{name}' is empty in row {row}; every row must have a time.")
    if column.dtype.kind in "Mm":
        return column.to_numpy()
    return numbers_of(column, name, advice="expected numbers or dates; convert text with pandas.to_datetime")


def numbers_of(
    column: "pandas.Series", name: str, advice: str = "expected numbers; to leave it out, name the channels"
) -> Float[np.ndarray, " rows"]:
    """A column of numbers; `nan` for missing values.

    Raises:
        DataError: If the column has another type.
    """
    require("nde.data", "pandas")
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    if not pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind == "c":
        raise DataError(f"Column '{name}' has dtype {column.dtype}; {advice}.")
    return column.to_numpy(np.float64, na_value=np.nan)


def first_of_each(
    values: np.ndarray, name: str, lengths: Int[np.ndarray, " series"], ids: Sequence[Hashable]
) -> np.ndarray:
    """The value that a column has in all rows of each series.

    Raises:
        DataError: If it is missing, or changes within a series.
    """
    first = values[np.cumsum(lengths) - lengths]
    # nan is not equal to itself, so missing values count as changes.
    changes = values != np.repeat(first, lengths)
    if changes.any():
        which = ids[int(np.searchsorted(np.cumsum(lengths), np.argmax(changes), side="right"))]
        raise DataError(
            f"Column '{name}' changes or is empty in series {which!r}; static features and targets must be the same in "
            "all rows of a series. Make it a channel, or fill it in."
        )
    return first


def _owners(frame: "pandas.DataFrame", series: str | None) -> tuple[Int[np.ndarray, " rows"], tuple[Hashable, ...]]:
    if series is None:
        return np.zeros(len(frame), np.int64), (0,)
    codes, ids = frame[series].factorize()
    if (codes < 0).any():
        row = int(np.argmax(codes < 0)) + 1
        raise DataError(f"Column '{series}' is empty in row {row}; every row must name its series.")
    return codes, tuple(ids.tolist())


def _targets(
    column: "pandas.Series",
    name: str,
    order: Int[np.ndarray, " rows"],
    lengths: Int[np.ndarray, " series"],
    ids: Sequence[Hashable],
) -> np.ndarray:
    if column.isna().any():
        row = int(np.argmax(column.isna().to_numpy())) + 1
        raise DataError(f"Target column '{name}' is empty in row {row}; every series must have a target.")
    # Converting by way of a list gives labels in pandas object columns their own dtype.
    return np.array(first_of_each(column.to_numpy()[order], name, lengths, ids).tolist())


def _check_columns(frame: "pandas.DataFrame", names: Sequence[str]) -> None:
    there = list(frame.columns)
    for name in names:
        if name not in there:
            raise DataError(f"The data frame has no column '{name}'. {did_you_mean(name, there)}")
        if there.count(name) > 1:
            raise DataError(f"The data frame has {there.count(name)} columns '{name}'; column names must be unique.")
        if list(names).count(name) > 1:
            raise DataError(f"Column '{name}' is named twice; each column can have only one role.")


def _side_by_side(columns: Sequence[np.ndarray], rows: int) -> Float[np.ndarray, "rows columns"]:
    return np.stack(columns, axis=1) if columns else np.zeros((rows, 0))
