"""Parsing of the cells of a file as numbers."""

import dataclasses
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float

from nde.core.extras import require
from nde.data.files.decimals import may_be_either
from nde.data.plural import pluralize
from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas

WORDS = frozenset({"na", "n/a", "nan", "-nan", "null", "none", "nat", "n.a.", "missing"})
"""Words for a missing value, in lower case. In a column of text they are text."""
MARKS = frozenset(
    {
        "",
        "?",
        ".",
        "..",
        "*",
        "-",
        "--",
        "---",
        "–",
        "—",
        "<na>",
        "(null)",
        "#na",
        "#n/a",
        "#n/a n/a",
        "#null!",
        "#num!",
    }
    | {"#div/0!", "#value!", "#ref!", "#name?", "1.#qnan", "-1.#qnan", "1.#ind", "-1.#ind", "1.#nan", "-1.#nan"}
)
"""Signs for a missing value, in lower case."""
GAPS = WORDS | MARKS
"""Cells that mean a missing value, in lower case."""
_BOOLEANS = (("false", "true"), ("no", "yes"), ("f", "t"), ("n", "y"))
"""Words for 0 and 1; single letters only if both occur."""
_QUANTITY = re.compile(
    r"(?P<limit>[<>≤≥]=?)?\s*(?P<currency>[$€£¥])?\s*(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"(?P<unit>\s*[^\W\d_][^\s\d_,;:.+-]{0,11}|\s*[%‰°][^\s\d,;:]{0,5}|\s+[^\W\d_][^\s,;:]{0,11})?"
)
"""A number with a limit sign or a unit."""
_FORTRAN = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))[dD]([+-]?\d+)")
_EITHER = "the comma may be a decimal comma or stand between thousands: name the decimal separator with --decimal"
_SHOWN = 40
"""The number of characters of a cell that error messages show."""


@dataclasses.dataclass(frozen=True, eq=False)
class NumberColumn:
    """The cells of a column as numbers.

    Attributes:
        values: The numbers; `nan` for a missing value, and for a cell that is no number.
        wrong: Which cells are neither a number nor a missing value.
        notes: How cells were taken that are not plain numbers; each is the end of a sentence about the column.
        reason: Why cells that look like numbers are none; empty if none does.
    """

    values: Float[np.ndarray, " rows"]
    wrong: Bool[np.ndarray, " rows"]
    notes: tuple[str, ...] = ()
    reason: str = ""


def numbers_of_cells(column: "pandas.Series", name: str) -> tuple[Float[np.ndarray, " rows"], list[str]]:
    """The cells of a column as numbers, `nan` for a missing value; and notes on how cells were taken.

    Raises:
        DataError: If a cell is neither a number nor a missing value.
    """
    found = parse_numbers(column)
    if found.wrong.any():
        row = int(np.argmax(found.wrong))
        what = found.reason or "cells must be numbers, or empty for missing values"
        raise DataError(f"Column '{name}' has the text '{shown(column.iloc[row])}' in row {row + 1}; {what}.")
    return found.values, [f"Column '{name}': {note}" for note in found.notes]


def parse_numbers(column: "pandas.Series") -> NumberColumn:
    """The cells of a column as numbers, and which cells are neither a number nor a missing value."""
    require("nde.data", "pandas")
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    if pd.api.types.is_numeric_dtype(column.dtype) and column.dtype.kind != "c":
        return NumberColumn(column.to_numpy(np.float64, na_value=np.nan), np.zeros(len(column), bool))
    cells = [None if empty else cell for cell, empty in zip(column.tolist(), column.isna().tolist(), strict=True)]
    values = _parse_plain(cells)
    if values is not None:
        return NumberColumn(values, np.zeros(len(cells), bool))
    texts = [cell_text(cell) for cell in cells]
    numbers = {text: _number(text) for text in set(texts)}
    notes, reason = (), ""
    if None in numbers.values():
        entries = {text for text, number in numbers.items() if number is None or not np.isnan(number)}
        others, notes, reason = _parse_booleans(entries) or _parse_quantities(texts, entries)
        numbers |= others
    found = [numbers[text] for text in texts]
    return NumberColumn(np.array(found, np.float64), np.array([each is None for each in found], bool), notes, reason)


def is_gap(text: str) -> bool:
    """Whether a cell means a missing value."""
    return text.lower() in GAPS


def is_number(text: str) -> bool:
    """Whether a cell is a plain number, and no missing value."""
    number = _number(text)
    return number is not None and not np.isnan(number)


def is_quantity(text: str) -> bool:
    """Whether a cell is a number, perhaps with a unit or as a limit."""
    return is_number(text) or _QUANTITY.fullmatch(text) is not None


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
    return " ".join(str(cell).split())[:_SHOWN]


def _parse_plain(cells: Sequence[object]) -> Float[np.ndarray, " rows"] | None:
    """All cells at once, or `None` if some need a closer look; much faster than one at a time."""
    try:
        values = [np.nan if cell is None or cell in GAPS else float(cell) for cell in cells]  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        return None
    # Python reads 1_000 as a number; in a file it is a name.
    plain = "_" not in "".join(cell for cell in cells if isinstance(cell, str))
    return np.array(values, np.float64) if plain and not any(isinstance(cell, bool) for cell in cells[:1]) else None


def _number(text: str) -> float | None:
    """The number that a cell represents, `nan` for a missing value, or `None` for anything else."""
    if is_gap(text):
        return np.nan
    try:
        return None if "_" in text else float(text)
    except ValueError:
        # Fortran writes 1.5D+03.
        fortran = _FORTRAN.fullmatch(text)
        return float(f"{fortran[1]}e{fortran[2]}") if fortran else None


def _unit(match: re.Match[str]) -> str:
    return f"{match['currency'] or ''}{(match['unit'] or '').strip()}"


def _folded(unit: str) -> str:
    """A unit with one form of letters that look alike, such as the two of micro."""
    return unicodedata.normalize("NFKC", unit)


_Parsed = tuple[Mapping[str, float | None], tuple[str, ...], str]
"""Numbers by text, notes and a reason."""


def _parse_booleans(entries: Collection[str]) -> _Parsed | None:
    """Words for false and true as 0 and 1, if there are no other entries."""
    words = {text.lower() for text in entries}
    for zero, one in _BOOLEANS:
        if words <= {zero, one} and (len(zero) > 1 or len(words) == 2):
            values = {text: float(text.lower() == one) for text in entries}
            return values, (f"'{one}' was read as 1 and '{zero}' as 0.",), ""
    return None


def _parse_quantities(texts: Sequence[str], entries: Collection[str]) -> _Parsed:
    """Numbers with one unit, and limits such as `<0.01`, if all entries are such."""
    matches: dict[str, re.Match[str]] = {}
    for text in entries:
        match = _QUANTITY.fullmatch(text)
        if match is None:
            return {}, (), _EITHER if any(map(may_be_either, entries)) else ""
        matches[text] = match
    units = {text: _unit(match) for text, match in matches.items()}
    first = next(text for text in texts if text in units)
    different = next((unit for unit in units.values() if _folded(unit) != _folded(units[first])), None)
    if different is not None:
        both = " and ".join(f"'{unit}'" if unit else "none" for unit in (units[first], different))
        return {}, (), f"its units differ ({both}); write numbers of one unit"
    notes = []
    if units[first]:
        example = f"'{shown(first)}' was read as {matches[first]['number']}"
        notes.append(f"the unit {units[first]} was left out ({example}).")
    limits = [text for text in texts if text in matches and matches[text]["limit"]]
    if limits:
        count = pluralize(len(limits), "value")
        verb = "lies" if len(limits) == 1 else "lie"
        notes.append(
            f"{count} {verb} beyond a limit of measurement, such as '{shown(limits[0])}'; the limit was taken for the "
            "value."
        )
    return {text: float(match["number"]) for text, match in matches.items()}, tuple(notes), ""
