"""Cells of a file as numbers, times, names and labels."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from nde.data.frames import GAPS
from nde.data.panel.frame import times_of
from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas

_SHOWN = 40
"""Signs of a cell in a message."""
_EXACT = 2.0**53
"""Up to here a double holds every whole number."""


def texts_of(column: "pandas.Series") -> np.ndarray:
    """Each cell as text without spaces around it, whole numbers without a point; `None` for a gap."""
    texts = np.array([_text(cell) for cell in column.tolist()], object)
    texts[np.isin([str(text).lower() for text in texts], list(GAPS))] = None
    return texts


def numbers_of_cells(column: "pandas.Series", name: str) -> Float[np.ndarray, " rows"]:
    """The cells as numbers; `nan` for a gap.

    Raises:
        DataError: If one is neither a number nor a gap, or infinite.
    """
    values, wrong = _numbers(column)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"Column '{name}' has the text '{str(column.iloc[row]).strip()[:_SHOWN]}' in row {row + 1}; numbers are "
            "wanted, and empty cells for gaps."
        )
    return values


def kind_of(column: "pandas.Series") -> str:
    """What a column holds: `numbers` if there is one, else `text`, or `nothing` if all its cells are gaps."""
    values, wrong = _numbers(column)
    if not np.isnan(values).all():
        return "numbers"
    return "text" if wrong.any() else "nothing"


def times_of_cells(column: "pandas.Series", name: str) -> np.ndarray:
    """The cells as numbers, or dates in UTC, or durations; none missing.

    Raises:
        DataError: If one is none of these, or a gap.
    """
    if column.dtype.kind in "Mm" or hasattr(column.dtype, "tz") or hasattr(column.dtype, "freq"):
        return times_of(column, name)
    values, wrong = _numbers(column)
    gap = np.isnan(values) & ~wrong
    if gap.any():
        raise DataError(f"Time column '{name}' is empty in row {int(np.argmax(gap)) + 1}; every row wants a time.")
    if wrong.all():
        return _dates(column, name)
    if wrong.any():
        raise _no_time(column, name, int(np.argmax(wrong)))
    if np.isinf(values).any():
        raise DataError(f"Time column '{name}' is infinite in row {int(np.argmax(np.isinf(values))) + 1}.")
    return values


def labels_of(texts: Iterable[str], name: str) -> np.ndarray:
    """Labels as whole numbers if all are such, as numbers if all are, and else as they are written.

    A number with a zero before it, such as `007`, is a name, and so are all of its column.

    Raises:
        DataError: If one is infinite.
    """
    texts = list(texts)
    values = [number_of(text) for text in texts]
    if not texts or any(value is None for value in values):
        return np.array(texts, str)
    numbers = np.array(values, float)
    if np.isinf(numbers).any():
        raise DataError(f"Column '{name}' is infinite for a series; leave the cell empty if it is not known.")
    whole = (numbers == np.round(numbers)) & (np.abs(numbers) < _EXACT)
    return numbers.astype(np.int64) if whole.all() else numbers


def number_of(text: str) -> float | None:
    """The number that a text is, if it is one."""
    digits = text.lstrip("+-")
    if digits[:1] == "0" and digits[1:2].isdigit():
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return repr(cell).removesuffix(".0")
    return "" if cell is None else str(cell).strip()


def _numbers(column: "pandas.Series") -> tuple[Float[np.ndarray, " rows"], Bool[np.ndarray, " rows"]]:
    """Numbers, and where there is neither one nor a gap."""
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    if pd.api.types.is_numeric_dtype(column.dtype) and column.dtype.kind != "c":
        return column.to_numpy(np.float64, na_value=np.nan), np.zeros(len(column), bool)
    numbers: Any = pd.to_numeric(column, errors="coerce")
    values = numbers.to_numpy(np.float64, na_value=np.nan)
    # What is no number as it stands may be a gap, or a number between spaces.
    odd = np.flatnonzero(np.isnan(values))
    texts = [_text(cell).lower() for cell in column.iloc[odd].tolist()]
    gap = np.array([text in GAPS for text in texts], bool)
    again: Any = pd.to_numeric(pd.Series(texts, dtype=str), errors="coerce")
    values = values.copy()
    values[odd] = np.where(gap, np.nan, again.to_numpy(np.float64, na_value=np.nan))
    wrong = np.zeros(len(column), bool)
    wrong[odd] = np.isnan(values[odd]) & ~gap
    return values, wrong


def _dates(column: "pandas.Series", name: str) -> np.ndarray:
    """Text as dates, in UTC if they have a time zone."""
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    dates = pd.to_datetime(column.astype(str).str.strip(), format="ISO8601", errors="coerce", utc=True)
    if dates.isna().any():
        raise _no_time(column, name, int(np.argmax(dates.isna().to_numpy())))
    return times_of(dates, name)


def _no_time(column: "pandas.Series", name: str, row: int) -> DataError:
    return DataError(
        f"Time column '{name}' has the text '{str(column.iloc[row]).strip()[:_SHOWN]}' in row {row + 1}; numbers are "
        "wanted, or dates such as 2024-01-31 or 2024-01-31 18:30, in all rows."
    )
