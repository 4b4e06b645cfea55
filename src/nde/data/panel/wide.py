"""Rows of panels from wide data frames."""

import contextlib
import dataclasses
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from nde.core.extras import require
from nde.data.panel.dataframes import as_pandas
from nde.data.panel.frame import check_columns, labels_of, numbers_of, side_by_side, times_of
from nde.data.panel.rows import Rows, no_static
from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas

_Values = Float[np.ndarray, "series times channels"]


def rows_of_wide(
    table: Any,
    orient: str,
    *,
    series: str | None,
    time: str | None,
    static: Sequence[str],
    target: str | None,
    times: Any,
    channel: str,
) -> Rows:
    """Convert a wide data frame to rows; see `TimeSeries.from_wide`.

    Raises:
        DataError: If labels are not times, values are not numeric, or an argument does not go with `orient`.
    """
    frame = as_pandas(table)
    if frame is None:
        raise DataError(f"Got a {type(table).__name__}; expected a data frame.")
    if not frame.size:
        raise DataError("Got a data frame without cells; expected at least one row and column.")
    of_rows = [name for name in (series, *static, target) if name is not None]
    special = _special(orient, of_rows, [] if time is None else [time])
    check_columns([name for name in frame.columns if isinstance(name, str)], special)
    labels, channels, values = _cube(frame.drop(columns=special), channel)
    if orient == "columns":
        index = frame.index if time is None else _inferred(frame[time].array)
        return _rows(labels.tolist(), _times(index, times), values.swapaxes(0, 1), channels)
    ids = frame.index if series is None else frame[series]
    return dataclasses.replace(
        _rows(ids.tolist(), _times(labels, times), values, channels),
        static=side_by_side([numbers_of(frame[name], name) for name in static], len(frame)),
        static_names=tuple(static),
        targets=None if target is None else labels_of(frame[target], target),
    )


def _special(orient: str, of_rows: list[str], of_columns: list[str]) -> list[str]:
    """The columns that are not values."""
    if orient not in {"columns", "rows"}:
        raise DataError(f"orient must be 'columns' or 'rows', where each series has its own; got '{orient}'.")
    special, other = (of_columns, of_rows) if orient == "columns" else (of_rows, of_columns)
    if other:
        what = "series, static feature or target" if orient == "columns" else "time"
        raise DataError(f"Got column '{other[0]}' as {what}, which a frame with orient='{orient}' does not have.")
    return special


def _cube(
    frame: "pandas.DataFrame", channel: str
) -> tuple["pandas.Index", tuple[str, ...], Float[np.ndarray, "rows labels channels"]]:
    """The last labels of the columns, the channels (their first labels, if there are two), and the values."""
    columns = {name: numbers_of(frame.iloc[:, place], str(name)) for place, name in enumerate(frame.columns)}
    if len(columns) < len(frame.columns):
        raise DataError("The data frame has several columns of one name; column names must be unique.")
    if frame.columns.nlevels == 1:
        return _inferred(frame.columns), (channel,), np.stack([*columns.values()], axis=1)[..., None]
    channels, labels = (list(dict.fromkeys(frame.columns.get_level_values(level))) for level in (0, -1))
    missing = np.full(len(frame), np.nan)
    values = [[columns.get((name, label), missing) for name in channels] for label in labels]
    return _inferred(labels), tuple(map(str, channels)), np.array(values).transpose(2, 0, 1)


def _inferred(labels: Iterable[Any]) -> "pandas.Index":
    """Labels with the type that they have in common."""
    require("nde.data", "pandas")
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    return pd.Index(list(labels)) if getattr(labels, "dtype", None) in {None, np.dtype(object)} else pd.Index(labels)


def _times(labels: "pandas.Index", times: Any) -> np.ndarray:
    """Times from labels: numbers, dates, durations, or text of numbers or ISO dates."""
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    if times is not None:
        given = np.asarray(times)
        if given.shape != (len(labels),):
            raise DataError(f"Got times of shape {given.shape} for {len(labels)} labels; expected one for each.")
        return given
    column = labels.to_series()
    if column.dtype.kind in "iufmM" or isinstance(labels, pd.PeriodIndex):
        return times_of(column, "labels")
    for read in (pd.to_numeric, lambda text: pd.to_datetime(text, format="ISO8601")):
        with contextlib.suppress(ValueError, TypeError):
            return times_of(pd.Series(read(column)), "labels")
    raise DataError(
        f"The labels {', '.join(map(str, labels[:3]))}, … are not times; expected numbers, or dates such as "
        "2024-03-31. Pass times=, and name other columns as series=, time=, static= or target=."
    )


def _rows(ids: Sequence[Hashable], ts: np.ndarray, values: _Values, channels: tuple[str, ...]) -> Rows:
    """Rows of each series from its first to its last value, in the order of times."""
    order = np.argsort(ts, kind="stable")
    values = values[:, order]
    own = _span(np.any(~np.isnan(values), axis=2))
    return Rows(
        ids=tuple(ids),
        lengths=own.sum(axis=1),
        times=np.broadcast_to(ts[order], own.shape)[own],
        ys=values[own],
        channels=channels,
        static=no_static(len(ids)),
    )


def _span(known: Bool[np.ndarray, "series times"]) -> Bool[np.ndarray, "series times"]:
    """Whether each time is between the first and the last known one; all are, of a series without any."""
    begun = np.logical_or.accumulate(known, axis=1)
    going = np.logical_or.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    return (begun & going) | ~known.any(axis=1, keepdims=True)
