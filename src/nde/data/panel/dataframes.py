"""Data frames of all kinds as pandas frames with their series and times in columns."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from nde.core.extras import require
from nde.data.panel.xarray_frame import frame_of_xarray, is_xarray
from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas

_LEAST_WIDE = 3
"""How many columns must be named like times before a frame is taken for a wide one."""


def as_pandas(X: Any) -> Any:
    """Convert a data frame or series of pandas, polars, Arrow or a library like them, or of xarray, to pandas.

    Returns:
        The frame; `None` if `X` is not a data frame.
    """
    if is_xarray(X):
        return frame_of_xarray(X)
    if hasattr(X, "iloc") and hasattr(X, "index"):
        return X if hasattr(X, "columns") else X.to_frame("value" if X.name is None else X.name)
    if hasattr(X, "collect_schema") and hasattr(X, "collect"):
        X = X.collect()
    if hasattr(X, "to_pandas") and (hasattr(X, "columns") or hasattr(X, "column_names")):
        require("nde.data", "pandas", "pyarrow")
        return X.to_pandas()
    return None


def check_same_columns(frames: Sequence["pandas.DataFrame"]) -> None:
    """Check that frames of several series have the same columns.

    Raises:
        DataError: If they do not.
    """
    columns = list(frames[0].columns)
    for place, frame in enumerate(frames):
        if list(frame.columns) != columns:
            raise DataError(
                f"Data frame number {place} has the columns {list(frame.columns)[:5]}, and the first {columns[:5]}; "
                "all must have the same channels. If times are in columns, as in aeon's lists, transpose each."
            )


def stack_frames(frames: Sequence["pandas.DataFrame"], series: str | None, time: str | None) -> "pandas.DataFrame":
    """Stack the frames of several series.

    Args:
        frames: The frames, at least one.
        series: The column that identifies series; without one, the number of the frame becomes a level of the index.
        time: The column of times; by default their index.

    Raises:
        DataError: If columns differ.
    """
    require("nde.data", "pandas")
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    check_same_columns(frames)
    if series in frames[0].columns:
        return pd.concat(frames)
    timed = [frame.set_index(time) if time in frame.columns else frame for frame in frames]
    return pd.concat(timed, keys=range(len(timed)), names=[series or "series", time or "time"])


def with_columns_for_index(
    frame: "pandas.DataFrame", series: str | None, time: str | None
) -> tuple["pandas.DataFrame", str | None, str]:
    """Move the series and times of a frame from its index into columns, if they are there.

    Args:
        frame: The frame.
        series: The column or level of the index that identifies series; by default the level beside that of times.
        time: The column or level of times; by default the index.

    Returns:
        The frame, and the names of the columns of series and times.

    Raises:
        DataError: If no time is named and the index does not hold times.
    """
    if frame.columns.nlevels > 1:
        raise DataError(
            f"Got a data frame with {frame.columns.nlevels} levels of columns; convert one with a column for each "
            "channel and series with nde.TimeSeries.from_wide(frame, 'columns')."
        )
    table = frame.rename(columns=str)
    when = _time_level(frame) if time is None else _level(frame, table, time)
    who = None if series is None else _level(frame, table, series)
    if series is None and when is not None and frame.index.nlevels == 2:
        who = 1 - when
    table, series = _with_level(table, frame.index, who, series, "series")
    table, time = _with_level(table, frame.index, when, time, "time")
    return table.reset_index(drop=True), series, f"{time}"


def _level(frame: "pandas.DataFrame", table: "pandas.DataFrame", name: str) -> int | None:
    """The level of the index with this name, if no column has it."""
    levels = list(frame.index.names)
    return levels.index(name) if name in levels and name not in table.columns else None


def _with_level(
    table: "pandas.DataFrame", index: "pandas.Index", level: int | None, name: str | None, role: str
) -> tuple["pandas.DataFrame", str | None]:
    """The frame with a level of the index as a column, and the name of the column."""
    if level is None:
        return table, name
    found = name or index.names[level]
    label = free_name(role if found is None else str(found), table.columns)
    return table.assign(**{label: index.get_level_values(level)}), label


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, with underscores after it if it is taken."""
    return name if name not in taken else free_name(f"{name}_", taken)


def _time_level(frame: "pandas.DataFrame") -> int:
    """The level of the index that holds the times."""
    levels = frame.index.nlevels
    if levels == 2:
        dated = [place for place in range(2) if _is_dated(frame.index.get_level_values(place))]
        return dated[0] if len(dated) == 1 else 1
    named = frame.index.name is not None and frame.index.dtype.kind in "iuf"
    if levels == 1 and (_is_dated(frame.index) or named):
        return 0
    raise DataError(
        "Got a data frame without the name of its time column: pass it as time=, and the column that identifies "
        f"series as series=; or put dates, or series and times, into its index.{_hint(frame)}"
    )


def _is_dated(index: "pandas.Index") -> bool:
    """Whether an index holds dates, durations or periods."""
    return index.dtype.kind in "mM" or type(index).__name__ == "PeriodIndex"


def _hint(frame: "pandas.DataFrame") -> str:
    """What to do with a frame that has times as columns; nothing for others."""
    times = [name for name in frame.columns if _is_like_time(name)]
    if len(times) < max(_LEAST_WIDE, len(frame.columns) / 2):
        return ""
    return (
        f" The columns {times[0]}, {times[1]}, … look like times: convert a frame with a row for each series with "
        "nde.TimeSeries.from_wide(frame, 'rows')."
    )


def _is_like_time(name: Any) -> bool:
    """Whether the name of a column is a number or a date."""
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    try:
        float(name)
    except (TypeError, ValueError):
        return not pd.isna(pd.to_datetime(str(name), format="ISO8601", errors="coerce"))
    return True
