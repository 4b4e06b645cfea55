"""Reading files as data frames."""

import dataclasses
import difflib
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nde.core.extras import require
from nde.data.files.decoding import unpack
from nde.data.files.read_options import ReadOptions
from nde.data.files.spreadsheet import OLD_EXCEL, is_spreadsheet, spreadsheet_frame
from nde.data.files.text_frame import is_headless, text_frame
from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas


_PARQUET = frozenset({".parquet", ".pq"})


@dataclasses.dataclass(frozen=True, eq=False)
class FileFrame:
    """The content of a file.

    Attributes:
        path: The file.
        frame: Its columns: text, or of their own types for Parquet.
        notes: What was guessed about the file, and what was skipped, one sentence each.
    """

    path: Path
    frame: Any
    notes: tuple[str, ...]

    def check_column(self, name: str) -> None:
        """Refuse a name that no column has, or several have.

        Raises:
            DataError: If so.
        """
        there = list(self.frame.columns)
        if name not in there:
            headless = " The file seems to have no header: add a first line of names." if is_headless(there) else ""
            raise DataError(f"{self.path} has no column '{name}'. {did_you_mean(name, there)}{headless}")
        if there.count(name) > 1:
            raise DataError(f"{self.path} has {there.count(name)} columns '{name}'; column names must be unique.")


def read_frame(path: str | Path, options: ReadOptions | None = None) -> FileFrame:
    """Read a text file (compressed or not) or spreadsheet as text, or a Parquet file with its types.

    Raises:
        DataError: If the file does not exist or cannot be read.
    """
    require("nde.data", "pandas")
    path = Path(path)
    if not path.exists():
        raise DataError(f"There is no file {path}; check the spelling, or give a path relative to the current folder.")
    if path.is_dir():
        raise DataError(f"{path} is a folder; expected a file.")
    try:
        frame, notes = _parquet(path) if path.suffix.lower() in _PARQUET else _table(path, options or ReadOptions())
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
    return FileFrame(path, frame.rename(columns=plain_name), tuple(notes))


def plain_name(name: object) -> str:
    """The name of a column with single spaces for line breaks and all kinds of spaces, its accents composed."""
    return " ".join(unicodedata.normalize("NFC", str(name)).split())


def did_you_mean(name: str, available: Iterable[str]) -> str:
    """Suggest the name closest to a wrong one, and list the available names."""
    available = list(available)
    lower = {each.lower(): each for each in reversed(available)}
    near = difflib.get_close_matches(name.lower(), lower, n=1)
    hint = f"Did you mean '{lower[near[0]]}'? " if near else ""
    listed = ", ".join(f'"{each}"' if "," in each else each for each in available)
    cut = next((each for each in available if "," in each and name in map(str.strip, each.split(","))), None)
    quotes = "" if cut is None else f" In a list, put a name with a comma in double quotes: '\"{cut}\"'."
    return f"{hint}Available: {listed}.{quotes}"


def _table(path: Path, options: ReadOptions) -> tuple["pandas.DataFrame", list[str]]:
    """A text file or spreadsheet; the content decides which, and not the name."""
    content = path.read_bytes()
    if content.startswith(OLD_EXCEL):
        raise DataError(f"{path} is in the format of Excel before 2007; save it as .xlsx or CSV.")
    if is_spreadsheet(content):
        return spreadsheet_frame(path, content, options)
    return text_frame(path, unpack(path, content), options)


def _parquet(path: Path) -> tuple["pandas.DataFrame", list[str]]:
    require("nde.data", "pandas", "pyarrow")
    import pandas as pd  # noqa: PLC0415 (takes long to import)
    from pyarrow import ArrowException  # noqa: PLC0415 (takes long to import)

    try:
        frame = pd.read_parquet(path)
    except (ArrowException, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} cannot be read as Parquet ({reason}); write the file again.") from None
    named = [name for name in frame.index.names if name is not None]
    return frame.reset_index() if named else frame.reset_index(drop=True), []
