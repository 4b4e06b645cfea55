"""Tables from CSV files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.data.frames import did_you_mean, read_frame
from nde.data.numbers import numbers_of_cells, parse_numbers, shown, texts_of
from nde.data.table import DataError, Table


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


def read_columns(
    path: str | Path, time: str, states: Sequence[str], text: str | None = None
) -> tuple[list[str], Float[np.ndarray, " rows"], Float[np.ndarray, "rows columns"]]:
    """Read a column of text (if `text` is given), times and quantities.

    Raises:
        DataError: If the file or a column is missing, or a cell is not a number.
    """
    path = Path(path)
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
    ts = _times_of_cells(frame[time].astype(str), time)
    ys = [numbers_of_cells(frame[name].astype(str), name) for name in states]
    texts = [] if text is None else [cell or "" for cell in texts_of(frame[text])]
    return texts, ts, np.stack(ys, axis=1)


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
