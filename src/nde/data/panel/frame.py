"""Rows of panels from data frames."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from nde.core.extras import require
from nde.data.frames import did_you_mean
from nde.data.panel.dataframes import as_pandas, with_columns_for_index
from nde.data.panel.rows import Rows
from nde.data.table import DataError
from nde.data.times.native import naive_times

if TYPE_CHECKING:
    import pandas


def rows_of_frame(
    frame: Any,
    series: str | None,
    time: str | None,
    channels: Sequence[str] | None,
    static: Sequence[str],
    target: str | None,
) -> Rows:
    """Convert a long data frame to rows; see `TimeSeries.from_frame`.

    Raises:
        DataError: If a column is missing or not numeric, a row has no series or time, or a static feature or target
            changes within a series.
    """
    found = as_pandas(frame)
    if found is None:
        raise DataError(f"Got a {type(frame).__name__}; expected a data frame.")
    table: Any
    table, series, time = with_columns_for_index(found, series, time)
    special = [name for name in (series, time, *static, target) if name is not None]
    if channels is None:
        channels = [name for name in table.columns if name not in special]
    check_columns(list(table.columns), [*special, *channels])
    if not len(table):
        raise DataError("Got a data frame without rows; expected at least one.")
    codes, ids = _owners(table, series)
    times = times_of(table[time], time)
    order = np.lexsort((times, codes))
    lengths = np.bincount(codes)
    columns = {name: numbers_of(table[name], name)[order] for name in (*channels, *static)}
    features = [first_of_each(columns[name], name, lengths, ids) for name in static]
    targets = None
    if target is not None:
        targets = first_of_each(labels_of(table[target], target)[order], target, lengths, ids)
    return Rows(
        ids=ids,
        lengths=lengths,
        times=times[order],
        ys=side_by_side([columns[name] for name in channels], len(table)),
        channels=tuple(channels),
        static=side_by_side(features, len(ids)),
        static_names=tuple(static),
        targets=targets,
    )


def frame_of_rows(
    ids: Sequence[Hashable],
    owners: Int[np.ndarray, " rows"],
    times: np.ndarray,
    ys: Float[np.ndarray, "rows channels"],
    channels: Sequence[str],
) -> "pandas.DataFrame":
    """Convert rows to a long data frame; see `TimeSeries.to_frame`."""
    require("nde.data", "pandas")
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    names = pd.Series(list(ids)).iloc[owners]
    index = pd.MultiIndex.from_arrays([names, times], names=["series", "time"])
    return pd.DataFrame(ys, index=index, columns=list(channels))


def times_of(column: "pandas.Series", name: str) -> np.ndarray:
    """A column of times as numbers, dates (in UTC if they have a time zone) or durations.

    Raises:
        DataError: If the column has another type, or a time is missing.
    """
    column, _ = naive_times(column)
    if column.isna().any():
        row = int(np.argmax(column.isna().to_numpy())) + 1
        raise DataError(f"Time column '{name}' is empty in row {row}; every row must have a time.")
    if column.dtype.kind in "Mmi":
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


def labels_of(column: "pandas.Series", name: str) -> np.ndarray:
    """A column of targets, numbers or labels.

    Raises:
        DataError: If one is missing.
    """
    if column.isna().any():
        row = int(np.argmax(column.isna().to_numpy())) + 1
        raise DataError(f"Target column '{name}' is empty in row {row}; every series must have a target.")
    # Converting by way of a list gives labels in pandas object columns their own dtype.
    return np.array(column.tolist())


def check_columns(available: Sequence[str], names: Sequence[str]) -> None:
    """Check that a frame has columns of these names, each once.

    Raises:
        DataError: If it has not, or a name is there twice.
    """
    for name in names:
        if name not in available:
            raise DataError(f"The data frame has no column '{name}'. {did_you_mean(name, available)}")
        if available.count(name) > 1:
            raise DataError(
                f"The data frame has {available.count(name)} columns '{name}'; column names must be unique."
            )
        if list(names).count(name) > 1:
            raise DataError(f"Column '{name}' is named twice; each column can have only one role.")


def side_by_side(columns: Sequence[np.ndarray], rows: int) -> Float[np.ndarray, "rows columns"]:
    """Columns as one array; there may be none."""
    return np.stack(columns, axis=1) if columns else np.zeros((rows, 0))
