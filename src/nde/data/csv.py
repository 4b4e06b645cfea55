"""Tables from CSV files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from nde.core.extras import require
from nde.data.frames import did_you_mean, read_frame
from nde.data.numbers import numbers_of_cells, parse_numbers, shown, texts_of
from nde.data.panel.cells import times_of_cells
from nde.data.table import DataError, Table

if TYPE_CHECKING:
    import pandas


def read_csv(path: str | Path, time: str, states: Sequence[str]) -> Table:
    r"""Read a table of measurements from a CSV file with a header.

    Args:
        path: The file.
        time: The column of times, strictly increasing.
        states: The columns of measured quantities; an empty cell or `nan` is a missing value.

    Returns:
        The table.

    Raises:
        DataError: If the file or a column is missing, a cell is not a number, or the table is invalid (see `Table`).

    Example:
        ```python
        import pathlib, tempfile
        from nde.data import read_csv

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "data.csv")
            path.write_text("t,x\n0,1\n1,2\n2,\n3,4\n4,5\n")
            print(read_csv(path, time="t", states=["x"]).ys)
        ```
    """
    _, ts, ys = read_columns(path, time, states)
    return Table(time, tuple(states), ts, ys)


def read_indexed(path: str | Path, time: str, columns: Sequence[str]) -> "pandas.DataFrame":
    r"""Read columns of numbers from a CSV file with a header, with times as the index: numbers or dates.

    Args:
        path: The file; it may be compressed, or Parquet.
        time: The column of times, strictly increasing: numbers, or dates such as `2024-01-31`.
        columns: The columns of numbers; an empty cell or `nan` is a missing value.

    Returns:
        A data frame.

    Raises:
        DataError: If the file or a column is missing, a cell is not a number, or times do not increase.

    Example:
        ```python
        import pathlib, tempfile
        from nde.data import read_indexed

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "data.csv")
            path.write_text("day,x\n2024-01-01,1\n2024-01-02,\n2024-01-03,3\n")
            print(read_indexed(path, time="day", columns=["x"]))
        ```
    """
    require("nde.data", "pandas")
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    frame = _read_named(Path(path), time, columns)
    times = times_of_cells(frame[time], time)
    if not len(times):
        raise DataError(f"{path} has a header and no rows; expected at least one.")
    late = np.flatnonzero(np.diff(times) <= np.zeros((), np.diff(times).dtype))
    if late.size:
        row = int(late[0]) + 2
        what = "repeats the time" if times[row - 1] == times[row - 2] else "goes back from"
        raise DataError(
            f"Time column '{time}' {what} {frame[time].iloc[row - 2]} in row {row}; times must increase. Sort the "
            "rows, and merge rows with the same time."
        )
    values = {name: numbers_of_cells(frame[name].astype(str), name) for name in columns}
    return pd.DataFrame(values, index=pd.Index(times, name=time))


def read_columns(
    path: str | Path, time: str, states: Sequence[str], text: str | None = None
) -> tuple[list[str], Float[np.ndarray, " rows"], Float[np.ndarray, "rows columns"]]:
    """Read a column of text (if `text` is given), times and quantities.

    Raises:
        DataError: If the file or a column is missing, or a cell is not a number.
    """
    frame = _read_named(Path(path), time, states, text)
    ts = _times_of_cells(frame[time].astype(str), time)
    ys = [numbers_of_cells(frame[name].astype(str), name) for name in states]
    texts = [] if text is None else [cell or "" for cell in texts_of(frame[text])]
    return texts, ts, np.stack(ys, axis=1)


def _read_named(path: Path, time: str, states: Sequence[str], text: str | None = None) -> Any:
    """Read a file that must have some columns."""
    columns = [time, *states, *([] if text is None else [text])]
    if not states:
        raise DataError("Got no state columns; name at least one.")
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise DataError(f"Column '{twice}' is named twice; the time and each state must have separate columns.")
    frame: Any = read_frame(path)
    for name in columns:
        if name not in frame.columns:
            raise DataError(f"{path} has no column '{name}'. {did_you_mean(name, frame.columns)}")
    return frame


def _times_of_cells(column: Any, name: str) -> Float[np.ndarray, " rows"]:
    times, wrong = parse_numbers(column)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"Time column '{name}' has the text '{shown(column.iloc[row])}' in row {row + 1}; the times of one table "
            "(--state) must be numbers, in all rows. Only the reader of many series (--series without --state, "
            "`read_panel`) takes dates."
        )
    return times
