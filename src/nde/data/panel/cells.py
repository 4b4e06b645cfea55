"""Parsing of the cells of a file as times, names and labels."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from nde.core.extras import require
from nde.data.numbers import GAPS, parse_numbers, shown, texts_of
from nde.data.panel.frame import times_of
from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas

_EXACT = 2.0**53
"""Up to here, doubles represent every integer."""


def feature_texts(column: "pandas.Series") -> np.ndarray:
    """Each cell of a column of numbers as text; `None` for an empty cell and for words such as `NA`."""
    texts = texts_of(column)
    texts[_gaps(texts)] = None
    return texts


def label_texts(column: "pandas.Series") -> np.ndarray:
    """Each cell as text; `None` for an empty cell, and for words such as `NA` if all other cells are numbers.

    In a column of text, `NA` is a name like any other.
    """
    texts = texts_of(column)
    others = set(texts[~_gaps(texts)].tolist())
    numeric = bool(others) and all(number_of(text) is not None for text in others)
    return feature_texts(column) if numeric else texts


def _gaps(texts: np.ndarray) -> np.ndarray:
    """Which cells are empty, or words for a missing value."""
    return np.array([text is None or text.lower() in GAPS for text in texts], bool)


def kind_of(column: "pandas.Series") -> str:
    """The kind of a column: `numbers` if any cell is a number, else `text`, or `nothing` if all cells are missing."""
    values, wrong = parse_numbers(column)
    if not np.isnan(values).all():
        return "numbers"
    return "text" if wrong.any() else "nothing"


def times_of_cells(column: "pandas.Series", name: str) -> np.ndarray:
    """The cells as numbers, dates in UTC, or durations.

    Raises:
        DataError: If a cell is none of these, or missing.
    """
    if column.dtype.kind in "Mm" or hasattr(column.dtype, "tz") or hasattr(column.dtype, "freq"):
        return times_of(column, name)
    values, wrong = parse_numbers(column)
    gap = np.isnan(values) & ~wrong
    if gap.any():
        raise DataError(f"Time column '{name}' is empty in row {int(np.argmax(gap)) + 1}; every row must have a time.")
    if wrong.all():
        return _dates(column, name)
    if wrong.any():
        raise _time_error(column, name, int(np.argmax(wrong)))
    if np.isinf(values).any():
        raise DataError(f"Time column '{name}' is infinite in row {int(np.argmax(np.isinf(values))) + 1}.")
    return values


def labels_of(texts: Iterable[str], name: str) -> np.ndarray:
    """Labels as integers if all are integers, as numbers if all are numbers, and otherwise as text.

    A number with a leading zero, such as `007`, is text, and then the whole column is.

    Raises:
        DataError: If a label is infinite.
    """
    texts = list(texts)
    values = [number_of(text) for text in texts]
    if not texts or any(value is None for value in values):
        return np.array(texts, str)
    numbers = np.array(values, float)
    if np.isinf(numbers).any():
        raise DataError(f"Column '{name}' is infinite for a series; leave unknown values empty.")
    whole = (numbers == np.round(numbers)) & (np.abs(numbers) < _EXACT)
    return numbers.astype(np.int64) if whole.all() else numbers


def number_of(text: str) -> float | None:
    """The number that a text represents, or `None`; numbers with leading zeros and `nan` count as text."""
    digits = text.lstrip("+-")
    if digits[:1] == "0" and digits[1:2].isdigit():
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return None if np.isnan(number) else number


def _dates(column: "pandas.Series", name: str) -> np.ndarray:
    """Parse text as dates, converted to UTC if they have a time zone."""
    require("nde.data", "pandas")
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    dates = pd.to_datetime(column.astype(str).str.strip(), format="ISO8601", errors="coerce", utc=True)
    if dates.isna().any():
        raise _time_error(column, name, int(np.argmax(dates.isna().to_numpy())))
    return times_of(dates, name)


def _time_error(column: "pandas.Series", name: str, row: int) -> DataError:
    return DataError(
        f"Time column '{name}' has the text '{shown(column.iloc[row])}' in row {row + 1}; expected numbers in all "
        "rows, or dates such as 2024-01-31 or 2024-01-31 18:30 in all rows."
    )
