"""Parsing of the cells of a file as numbers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float

from nde.core.extras import require
from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas

GAPS = frozenset({"", "na", "n/a", "nan", "null", "none", "-"})
"""Cells that mean a missing value, in lower case."""
_SHOWN = 40
"""The number of characters of a cell that error messages show."""


def numbers_of_cells(column: "pandas.Series", name: str) -> Float[np.ndarray, " rows"]:
    """The cells of a column as numbers; `nan` for a missing value.

    Raises:
        DataError: If a cell is neither a number nor a missing value.
    """
    values, wrong = parse_numbers(column)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"Column '{name}' has the text '{shown(column.iloc[row])}' in row {row + 1}; cells must be numbers, or "
            "empty for missing values."
        )
    return values


def parse_numbers(column: "pandas.Series") -> tuple[Float[np.ndarray, " rows"], Bool[np.ndarray, " rows"]]:
    """The cells of a column as numbers, and which cells are neither a number nor a missing value."""
    require("nde.data", "pandas")
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    if pd.api.types.is_numeric_dtype(column.dtype) and column.dtype.kind != "c":
        return column.to_numpy(np.float64, na_value=np.nan), np.zeros(len(column), bool)
    cells = column.tolist()
    values = _parse_plain(cells)
    if values is not None:
        return values, np.zeros(len(cells), bool)
    numbers = [_number(cell_text(cell)) for cell in cells]
    wrong = np.array([number is None for number in numbers], bool)
    return np.array(numbers, np.float64), wrong


def cell_text(cell: object) -> str:
    """A cell as stripped text, with integers written without a decimal point."""
    if isinstance(cell, float):
        return repr(cell).removesuffix(".0")
    return "" if cell is None else str(cell).strip()


def texts_of(column: "pandas.Series") -> np.ndarray:
    """Each cell as stripped text; `None` for an empty cell. Words such as `NA` are text."""
    cells = zip(column.tolist(), column.isna().tolist(), strict=True)
    return np.array([None if empty else cell_text(cell) or None for cell, empty in cells], object)


def shown(cell: object) -> str:
    """A cell as error messages show it."""
    return str(cell).strip()[:_SHOWN]


def _parse_plain(cells: Sequence[object]) -> Float[np.ndarray, " rows"] | None:
    """All cells at once, or `None` if some need a closer look; much faster than one at a time."""
    try:
        values = [np.nan if cell in GAPS else float(cell) for cell in cells]  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        return None
    # Python reads 1_000 as a number; in a file it is a name.
    return None if "_" in "".join(cell for cell in cells if isinstance(cell, str)) else np.array(values, np.float64)


def _number(text: str) -> float | None:
    """The number that a cell represents, `nan` for a missing value, or `None` for anything else."""
    if text.lower() in GAPS:
        return np.nan
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None
