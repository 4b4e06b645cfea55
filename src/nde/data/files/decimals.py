"""Decimal and thousands separators: numbers of any country as those of English."""

import re
from collections.abc import Sequence

_SIGN = r"(?P<sign>[<>≤≥]?=?\s*[+-]?)"
_END = r"(?P<end>(?:[eE][+-]?\d+)?(?:\s*[^\s\d.,+-][^\d,]{0,12})?)"
_COMMA = re.compile(rf"{_SIGN}(?P<whole>\d{{1,3}}(?:\.\d{{3}})+|\d*),(?P<rest>\d+){_END}")
"""A number with a decimal comma, perhaps with points between thousands."""
_POINTS = re.compile(rf"{_SIGN}(?P<whole>\d{{1,3}}(?:\.\d{{3}})+)(?P<rest>){_END}")
"""A whole number with points between thousands."""
_POINT = re.compile(rf"{_SIGN}(?P<whole>\d{{1,3}}(?:,\d{{3}})+)(?:\.(?P<rest>\d*))?{_END}")
"""A number with commas between thousands."""
_EITHER = re.compile(rf"{_SIGN}[1-9]\d{{0,2}},\d{{3}}{_END}")
"""A number of which the comma may be either."""
_EITHER_POINT = re.compile(rf"{_SIGN}[1-9]\d{{0,2}}\.\d{{3}}{_END}")
"""The same of the point."""
_GROUP = 3
_LEAST_POINTED = 3
_PLAIN = re.compile(rf"{_SIGN}(?:\d+\.\d*|\.\d+){_END}")
_SPACED = re.compile(rf"{_SIGN}\d{{1,3}}(?:[ \u00a0\u2009\u202f'’]\d{{3}})+(?:[.,]\d+)?{_END}")
_SPACES = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f'’](?=\d{3}(?!\d))")
_MINUS = re.compile(r"[\u2212\u2012\u2013](?=[\d.,])")


def plain_numbers(columns: Sequence[list[str]], decimal: str | None) -> tuple[list[list[str]], str | None]:
    """Write the numbers among the cells with a decimal point and nothing between thousands.

    A column in which a comma may be either is left as it is, unless other columns decide.

    Args:
        columns: The cells of each column.
        decimal: The decimal separator, if it was given.

    Returns:
        The columns, and the decimal separator of the file; `None` if no number tells.
    """
    columns = [_without_signs(cells) for cells in columns]
    if decimal is None and not any("," in cell for cells in columns for cell in cells):
        return columns, None
    marks = [decimal or _mark(set(cells)) for cells in columns]
    voted = set(marks) - {None}
    found = voted.pop() if len(voted) == 1 else None
    return [_rewritten(cells, mark or found) for cells, mark in zip(columns, marks, strict=True)], found


def may_be_either(cell: str) -> bool:
    """Whether the comma of a number may be a decimal comma or stand between thousands."""
    return _EITHER.fullmatch(cell) is not None


def doubtful_point(cells: Sequence[str]) -> str | None:
    """A number of a column in which points may stand between thousands, or `None` if that is unlikely.

    All numbers of four and more digits have a point before the last three, and all others have none.
    """
    entries = [cell for cell in cells if cell]
    pointed = [cell for cell in entries if "." in cell]
    whole = [cell for cell in entries if "." not in cell]
    doubtful = (
        bool(whole)
        and len(pointed) >= _LEAST_POINTED
        and all(map(_EITHER_POINT.fullmatch, pointed))
        and all(cell.removeprefix("-").isdecimal() and len(cell.removeprefix("-")) <= _GROUP for cell in whole)
    )
    return pointed[0] if doubtful else None


def _without_signs(cells: list[str]) -> list[str]:
    """Cells with a plain minus, and no spaces or apostrophes between thousands."""
    letters = "".join(cells)
    if any(sign in letters for sign in "\u2212\u2012\u2013"):
        cells = [_MINUS.sub("-", cell) for cell in cells]
    if any(sign in letters for sign in " \u00a0\u2009\u202f'’"):
        cells = [_SPACES.sub("", cell) if _SPACED.fullmatch(cell) else cell for cell in cells]
    return cells


def _mark(cells: set[str]) -> str | None:
    """The decimal separator of a column, if some cells show it and none speaks against it."""
    comma = any(_COMMA.fullmatch(cell) and not may_be_either(cell) for cell in cells)
    with_point = [cell for cell in cells if "." in cell or cell.count(",") > 1]
    point = any(
        (_POINT.fullmatch(cell) and not _COMMA.fullmatch(cell))
        or (_PLAIN.fullmatch(cell) and not _EITHER_POINT.fullmatch(cell))
        for cell in with_point
    )
    return None if comma == point else "," if comma else "."


def _rewritten(cells: list[str], mark: str | None) -> list[str]:
    """Cells with a decimal point, if the decimal separator of the column is known."""
    if mark == ",":
        return [_simple(cell) or _with_point(cell, (_COMMA, _POINTS)) for cell in cells]
    if mark == "." and any("," in cell for cell in cells):
        return [_with_point(cell, (_POINT,)) for cell in cells]
    return cells


def _with_point(cell: str, patterns: Sequence[re.Pattern[str]]) -> str:
    if "," not in cell and "." not in cell:
        return cell
    for pattern in patterns:
        number = pattern.fullmatch(cell)
        if number is not None:
            whole = number["whole"].replace(",", "").replace(".", "")
            rest = f".{number['rest']}" if number["rest"] else ""
            return f"{number['sign']}{whole or '0'}{rest}{number['end']}"
    return cell


def _simple(cell: str) -> str | None:
    """A plain number with a decimal comma, found faster than by a pattern; `None` for all else."""
    whole, comma, rest = cell.partition(",")
    return f"{whole}.{rest}" if comma and rest.isdecimal() and whole.removeprefix("-").isdecimal() else None
