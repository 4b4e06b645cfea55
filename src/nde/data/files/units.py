"""Rows of units below the header."""

from nde.data.numbers import is_gap, is_quantity
from nde.data.times.dates import looks_like_date

_MOST_ROWS = 3
_MOST_SHOWN = 4


def without_units(columns: dict[str, list[str]]) -> tuple[dict[str, list[str]], list[str]]:
    """Columns without the rows of units or descriptions below the header, and a note on them."""
    rows = next((rows for rows in range(1, _MOST_ROWS + 1) if _are_units(columns, rows)), 0)
    notes = [_note({name: cells[row] for name, cells in columns.items() if cells[row]}) for row in range(rows)]
    return {name: cells[rows:] for name, cells in columns.items()}, notes


def _are_units(columns: dict[str, list[str]], rows: int) -> bool:
    """Whether the first rows have no number or date, and text in a column that has only numbers below."""
    above = [cell for cells in columns.values() for cell in cells[:rows]]
    if not above or any(is_quantity(cell) or looks_like_date(cell) for cell in above):
        return False
    return any(_has_unit(cells[:rows], cells[rows:]) for cells in columns.values())


def _has_unit(above: list[str], below: list[str]) -> bool:
    numbers = any(is_quantity(cell) for cell in below)
    return numbers and not all(map(is_gap, above)) and all(is_quantity(cell) or is_gap(cell) for cell in below)


def _note(units: dict[str, str]) -> str:
    shown = ", ".join(f"{name} in '{unit}'" for name, unit in list(units.items())[:_MOST_SHOWN])
    more = ", …" if len(units) > _MOST_SHOWN else ""
    return f"A row below the header has no number; it was taken for units and skipped: {shown}{more}."
