"""Reading files as data frames."""

import difflib
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nde.core.extras import require
from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas


_PARQUET = frozenset({".parquet", ".pq"})


def read_frame(path: str | Path) -> "pandas.DataFrame":
    """Read a CSV file (compressed or not) as text, or a Parquet file with its types.

    Raises:
        DataError: If the file does not exist or cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"There is no file {path}; check the spelling, or give a path relative to the current folder.")
    if path.is_dir():
        raise DataError(f"{path} is a folder; expected a file.")
    try:
        frame = _parquet(path) if path.suffix.lower() in _PARQUET else _csv(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
    return frame.rename(columns=lambda name: str(name).strip())


def did_you_mean(name: str, available: Iterable[str]) -> str:
    """Suggest the name closest to a wrong one, and list the available names."""
    available = list(available)
    near = difflib.get_close_matches(name, available, n=1)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    listed = ", ".join(f'"{each}"' if "," in each else each for each in available)
    cut = next((each for each in available if "," in each and name in map(str.strip, each.split(","))), None)
    quotes = "" if cut is None else f" In a list, put a name with a comma in double quotes: '\"{cut}\"'."
    return f"{hint}Available: {listed}.{quotes}"


def _csv(path: Path) -> "pandas.DataFrame":
    require("nde.data", "pandas")
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path} is empty; expected a header and rows of numbers.") from None
    except (pd.errors.ParserError, UnicodeDecodeError, EOFError, zlib.error) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} cannot be read as CSV ({reason}); expected a text file with commas.") from None
    # If rows are longer than the header, pandas uses their first cells as the index.
    if not isinstance(frame.index, pd.RangeIndex):
        raise DataError(f"{path} has rows with more cells than its header; give each column a name.")
    return frame


def _parquet(path: Path) -> "pandas.DataFrame":
    require("nde.data", "pandas", "pyarrow")
    import pandas as pd  # noqa: PLC0415 (takes long to import)
    from pyarrow import ArrowException  # noqa: PLC0415 (takes long to import)

    try:
        frame = pd.read_parquet(path)
    except (ArrowException, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} cannot be read as Parquet ({reason}); write the file again.") from None
    named = [name for name in frame.index.names if name is not None]
    return frame.reset_index() if named else frame.reset_index(drop=True)
