"""Tables from CSV files."""

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from nde.data.table import DataError, Table

if TYPE_CHECKING:
    import pandas

_GAPS = frozenset({"", "na", "n/a", "nan", "null", "none", "-"})


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
    frame = _frame(path)
    for name in columns:
        if name not in frame.columns:
            raise DataError(_no_column(path, name, list(frame.columns)))
    ts, *ys = (_numbers(name, frame[name].tolist()) for name in (time, *states))
    texts = [] if text is None else [str(cell).strip() for cell in frame[text].tolist()]
    return texts, ts, np.stack(ys, axis=1)


def _frame(path: Path) -> "pandas.DataFrame":
    """The file as text."""
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    if not path.exists():
        raise DataError(f"There is no file {path}; look for a typing error, or give the path from here.")
    if path.is_dir():
        raise DataError(f"{path} is a folder; a CSV file is wanted.")
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path} is empty; a header and rows of numbers are wanted.") from None
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} cannot be read as CSV ({reason}); a text file with commas is wanted.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
    return frame.rename(columns=lambda name: str(name).strip())


def _no_column(path: Path, name: str, there: list[str]) -> str:
    near = difflib.get_close_matches(name, there, n=1)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    return f"{path} has no column '{name}'. {hint}It has: {', '.join(there)}."


def _numbers(name: str, cells: Iterable[str]) -> Float[np.ndarray, " rows"]:
    values = []
    for row, cell in enumerate(cells, start=1):
        text = cell.strip() if isinstance(cell, str) else ""
        try:
            values.append(np.nan if text.lower() in _GAPS else float(text))
        except ValueError:
            raise DataError(
                f"Column '{name}' has the text '{text[:40]}' in row {row}; numbers are wanted, and empty cells for "
                "gaps."
            ) from None
    return np.array(values, np.float64)
