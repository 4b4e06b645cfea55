"""A text file as a data frame of text."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from nde.data.files.decimals import doubtful_point, plain_numbers
from nde.data.files.decoding import decode
from nde.data.files.layout import TextRows, read_layout
from nde.data.files.read_options import ReadOptions
from nde.data.files.units import without_units
from nde.data.numbers import is_number
from nde.data.plural import pluralize
from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas

_NAMELESS = "Unnamed: {}"
"""The name of a column without one, as in pandas."""
_LEAST_NUMBERED = 2


def text_frame(path: Path, content: bytes, options: ReadOptions) -> tuple["pandas.DataFrame", list[str]]:
    """Read the content of a text file, all cells as text.

    Returns:
        The frame, and notes on what was guessed and skipped.

    Raises:
        DataError: If it is no table.
    """
    text, notes = decode(path, content, options.encoding)
    try:
        layout = read_layout(text, options.sep)
        frame, more = frame_of_rows(layout, options.decimal)
    except DataError as error:
        message = str(error)
        if message.startswith("the file is empty"):
            raise DataError(f"{path} is empty; expected a header and rows of numbers.") from None
        raise DataError(f"{path} cannot be read as CSV: {message}") from None
    return frame, [*notes, *more]


def frame_of_rows(layout: TextRows, decimal: str | None) -> tuple["pandas.DataFrame", list[str]]:
    """Rows of text as a data frame, with numbers as in English; and notes.

    Raises:
        DataError: If a row has more cells than the header, or the first cells may be row numbers or not.
    """
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    header, rows, notes = _without_row_numbers(layout)
    notes += _note_on_short(header, rows)
    columns = _columns(header, rows)
    columns, found = plain_numbers(columns, decimal)
    if found == "," and decimal is None:
        notes.append("Numbers were read with ',' as the decimal separator.")
    if decimal is None and (example := next(filter(None, map(doubtful_point, columns)), None)):
        notes.append(
            f"Numbers such as {example} were read with a decimal point. If the point stands between thousands, give "
            "--decimal ','."
        )
    named, more = _names(header, columns)
    named, units = without_units(named)
    return pd.DataFrame(named, dtype=object), [*layout.notes, *notes, *more, *units]


def _without_row_numbers(layout: TextRows) -> tuple[list[str], list[list[str]], list[str]]:
    """Rows without the row numbers that R writes in front, without a name in the header."""
    header, rows = layout.header, layout.rows
    longer = all(len(row) == len(header) + 1 for row in rows)
    if longer and len(rows) >= _LEAST_NUMBERED and all(row[0] == f"{i}" for i, row in enumerate(rows, start=1)):
        if layout.cut_by_commas and all(cell.isdecimal() for row in rows for cell in row):
            raise DataError(
                "its rows have one cell more than the header: the first may be a row number without a name, or numbers "
                "may have decimal commas. Give the first column a name, or put numbers in double quotes."
            )
        return header, [row[1:] for row in rows], ["Row numbers without a name in the header skipped."]
    return header, rows, []


def _columns(header: list[str], rows: list[list[str]]) -> list[list[str]]:
    """The cells of each column; missing ones at the end of a row are empty."""
    width = len(header)
    for place, row in enumerate(rows):
        if len(row) > width and any(row[width:]):
            raise DataError(
                f"row {place + 1} has {len(row)} cells, more cells than its header ({width}). Give each column a "
                "name, put cells that hold the separator in double quotes, or name the separator with --sep."
            )
    padded = [row if len(row) == width else (row + [""] * width)[:width] for row in rows]
    return [list(cells) for cells in zip(*padded, strict=True)] if padded else [[] for _ in header]


def _note_on_short(header: list[str], rows: list[list[str]]) -> list[str]:
    short = sum(len(row) < len(header) for row in rows)
    return [f"{pluralize(short, 'row')} with fewer cells than the header: the others are empty."] if short else []


def _names(header: list[str], columns: list[list[str]]) -> tuple[dict[str, list[str]], list[str]]:
    """The columns by name: those without name and entry left out, repeated names numbered."""
    named: dict[str, list[str]] = {}
    notes, counts = [], Counter[str]()
    for place, (name, cells) in enumerate(zip(header, columns, strict=True)):
        if not name and not any(cells):
            continue
        key = name or _NAMELESS.format(place)
        counts[key] += 1
        while key in named:
            key = f"{name}.{counts[name] - 1}"
            counts[name] += key in named
        if key != name and name:
            notes.append(f"Several columns are called '{name}'; one of them is '{key}' here.")
        named[key] = cells
    return named, notes


def is_headless(columns: list[str]) -> bool:
    """Whether the names of columns are numbers, so that the first row was taken for a header."""
    return len(columns) > 1 and all(map(is_number, columns))
