"""Tables from CSV files."""

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from nde.data.frames import GAPS, read_frame
from nde.data.table import DataError, Table


def read_csv(path: str | Path, time: str, states: Sequence[str]) -> Table:
    r"""Reads measurements from a CSV file with a header.

    Args:
        path: The file.
        time: The column of times, strictly increasing.
        states: The columns of quantities; an empty cell or `nan` is a gap.

    Returns:
        The table.

    Raises:
        DataError: If the file or a column is missing, a cell is not a number, or the table makes no sense.

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
    """A column of text, if one is named, times, and quantities.

    Raises:
        DataError: If the file or a column is missing, or a cell is not a number.
    """
    path = Path(path)
    columns = [time, *states, *([] if text is None else [text])]
    if not states:
        raise DataError("Got no state columns; at least one is wanted.")
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise DataError(f"Column '{twice}' is named twice; the time and each state want columns of their own.")
    frame = read_frame(path).astype(str)
    for name in columns:
        if name not in frame.columns:
            raise DataError(_no_column(path, name, list(frame.columns)))
    ts, *ys = (_numbers(name, frame[name].tolist()) for name in (time, *states))
    texts = [] if text is None else [str(cell).strip() for cell in frame[text].tolist()]
    return texts, ts, np.stack(ys, axis=1)


def _no_column(path: Path, name: str, there: list[str]) -> str:
    near = difflib.get_close_matches(name, there, n=1)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    return f"{path} has no column '{name}'. {hint}It has: {', '.join(there)}."


def _numbers(name: str, cells: Iterable[str]) -> Float[np.ndarray, " rows"]:
    values = []
    for row, cell in enumerate(cells, start=1):
        text = cell.strip() if isinstance(cell, str) else ""
        try:
            values.append(np.nan if text.lower() in GAPS else float(text))
        except ValueError:
            raise DataError(
                f"Column '{name}' has the text '{text[:40]}' in row {row}; numbers are wanted, and empty cells for "
                "gaps."
            ) from None
    return np.array(values, np.float64)
