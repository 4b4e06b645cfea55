"""Spreadsheets in the format of Excel."""

import datetime
import io
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nde.core.extras import require
from nde.data.files.layout import TextRows
from nde.data.files.read_options import ReadOptions
from nde.data.files.text_frame import frame_of_rows
from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas


OLD_EXCEL = b"\xd0\xcf\x11\xe0"
"""The first bytes of a file in the format of Excel before 2007."""
_WORKBOOK = "xl/workbook.xml"


def is_spreadsheet(content: bytes) -> bool:
    """Whether the content of a file is that of an `.xlsx` file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _WORKBOOK in archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return False


def spreadsheet_frame(path: Path, content: bytes, options: ReadOptions) -> tuple["pandas.DataFrame", list[str]]:
    """Read the first sheet of an `.xlsx` file, all cells as text.

    Returns:
        The frame, and notes.

    Raises:
        DataError: If the file is damaged, or the sheet is empty.
    """
    require("nde.data", "openpyxl")
    import openpyxl  # noqa: PLC0415 (takes long to import)

    try:
        with warnings.catch_warnings():
            # Styles and extensions that openpyxl does not know do not matter.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            sheet = book.worksheets[0]
            rows = [[_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    except Exception as error:  # noqa: BLE001 (openpyxl raises whatever a damaged file leads to)
        raise DataError(
            f"{path} cannot be read as a spreadsheet ({' '.join(str(error).split())}); save it again."
        ) from None
    if not any(map(any, rows)):
        raise DataError(f"{path} has an empty first sheet ('{sheet.title}'); expected a header and rows of numbers.")
    notes = []
    if len(book.sheetnames) > 1:
        notes.append(f"The file has {len(book.sheetnames)} sheets; the first was read: '{sheet.title}'.")
    layout = TextRows.of_rows(rows)
    try:
        frame, more = frame_of_rows(layout, options.decimal)
    except DataError as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    return frame, [*notes, *more]


def _text(cell: Any) -> str:
    """A cell as in a CSV file."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return repr(cell).removesuffix(".0")
    if isinstance(cell, datetime.timedelta):
        minutes, seconds = divmod(cell.total_seconds(), 60)
        return f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}:{seconds:09.6f}"
    return str(cell).strip()
