"""A row of units below the header."""

from nde.data.numbers import is_gap, is_number
from nde.data.times.dates import looks_like_date

_MOST_SHOWN = 4


def without_units(columns: dict[str, list[str]]) -> tuple[dict[str, list[str]], list[str]]:
    """Columns without the rows of units or descriptions below the header, and a note on them."""
    notes: list[str] = []
    while _has_units(columns):
        units = {name: cells[0] for name, cells in columns.items() if cells[0]}
        shown = ", ".join(f"{name} in '{unit}'" for name, unit in list(units.items())[:_MOST_SHOWN])
        more = ", …" if len(units) > _MOST_SHOWN else ""
        notes.append(f"The row below the header has no number; it was taken for units and skipped: {shown}{more}.")
        columns = {name: cells[1:] for name, cells in columns.items()}
    return columns, notes


def _has_units(columns: dict[str, list[str]]) -> bool:
    """Whether the first row has no number or date, and text in a column that has only numbers below."""
    first = [cells[0] for cells in columns.values() if cells]
    if not first or any(is_number(cell) or looks_like_date(cell) for cell in first):
        return False
    return any(
        not is_gap(cells[0])
        and any(is_number(cell) for cell in cells[1:])
        and all(is_number(cell) or is_gap(cell) for cell in cells[1:])
        for cells in columns.values()
    )
