"""Rows from data frames."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from nde.data.panel.rows import Rows, did_you_mean
from nde.data.table import DataError

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
    """Rows of a long data frame; see `TimeSeries.from_frame`.

    Raises:
        DataError: If a column is missing or has no numbers, a row belongs to no series or time, or a feature or target
            changes within a series.
    """
    table: Any = frame.rename(columns=str)
    special = [name for name in (series, time, *static, target) if name is not None]
    if channels is None:
        channels = [name for name in table.columns if name not in special]
    _check_columns(table, [*special, *channels])
    if not len(table):
        raise DataError("Got a data frame without rows; at least one is wanted.")
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
    """Numbers, dates (in UTC, if they had a time zone) or durations; none missing.

    Raises:
        DataError: If it holds something else, or a time is missing.
    """
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    if column.isna().any():
        row = int(np.argmax(column.isna().to_numpy())) + 1
        raise DataError(f"Time column '{name}' is empty in row {row}; every row wants a time.")
    if column.dtype.kind in "Mm":
        return column.to_numpy()
    return numbers_of(column, name, advice="numbers or dates are wanted; pandas.to_datetime reads dates from text")


def numbers_of(
    column: "pandas.Series", name: str, advice: str = "numbers are wanted; name the channels to leave it out"
) -> Float[np.ndarray, " rows"]:
    """A column of numbers; `nan` for what is missing.

    Raises:
        DataError: If it holds something else.
    """
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    if not pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind == "c":
        raise DataError(f"Column '{name}' is of the type {column.dtype}; {advice}.")
    return column.to_numpy(np.float64, na_value=np.nan)


def first_of_each(
    values: np.ndarray, name: str, lengths: Int[np.ndarray, " series"], ids: Sequence[Hashable]
) -> np.ndarray:
    """What a column says in all rows of each series.

    Raises:
        DataError: If it is missing, or changes within a series.
    """
    first = values[np.cumsum(lengths) - lengths]
    # What is missing is unlike itself, and so is refused with what changes.
    changes = values != np.repeat(first, lengths)
    if changes.any():
        which = ids[int(np.searchsorted(np.cumsum(lengths), np.argmax(changes), side="right"))]
        raise DataError(
            f"Column '{name}' changes or is empty in series {which!r}; static features and targets are the same in "
            "all rows of a series. Make it a channel, or fill it in."
        )
    return first


def _owners(frame: "pandas.DataFrame", series: str | None) -> tuple[Int[np.ndarray, " rows"], tuple[Hashable, ...]]:
    if series is None:
        return np.zeros(len(frame), np.int64), (0,)
    codes, ids = frame[series].factorize()
    if (codes < 0).any():
        row = int(np.argmax(codes < 0)) + 1
        raise DataError(f"Column '{series}' is empty in row {row}; every row wants the name of its series.")
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
        raise DataError(f"Target column '{name}' is empty in row {row}; every series wants one.")
    # By way of a list, labels that pandas keeps as objects get the type of what they are.
    return np.array(first_of_each(column.to_numpy()[order], name, lengths, ids).tolist())


def _check_columns(frame: "pandas.DataFrame", names: Sequence[str]) -> None:
    there = list(frame.columns)
    for name in names:
        if name not in there:
            raise DataError(f"The data frame has no column '{name}'. {did_you_mean(name, there)}")
        if there.count(name) > 1:
            raise DataError(f"The data frame has {there.count(name)} columns '{name}'; one is wanted.")
        if list(names).count(name) > 1:
            raise DataError(f"Column '{name}' is named twice; each column can be one thing only.")


def _side_by_side(columns: Sequence[np.ndarray], rows: int) -> Float[np.ndarray, "rows columns"]:
    return np.stack(columns, axis=1) if columns else np.zeros((rows, 0))
