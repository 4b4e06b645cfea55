"""Data frames from files."""

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas

GAPS = frozenset({"", "na", "n/a", "nan", "null", "none", "-"})
"""What a cell says, in small letters, where nothing was measured."""
_PARQUET = frozenset({".parquet", ".pq"})


def read_frame(path: str | Path) -> "pandas.DataFrame":
    """A CSV file, packed or not, as text; or a Parquet file as it is.

    Raises:
        DataError: If there is no such file, or it cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"There is no file {path}; look for a typing error, or give the path from here.")
    if path.is_dir():
        raise DataError(f"{path} is a folder; a file is wanted.")
    try:
        frame = _parquet(path) if path.suffix.lower() in _PARQUET else _csv(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
    return frame.rename(columns=lambda name: str(name).strip())


def _csv(path: Path) -> "pandas.DataFrame":
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path} is empty; a header and rows of numbers are wanted.") from None
    except (pd.errors.ParserError, UnicodeDecodeError, EOFError, zlib.error) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} cannot be read as CSV ({reason}); a text file with commas is wanted.") from None
    # Where rows are longer than the header, pandas takes their first cells for names of the rows.
    if not isinstance(frame.index, pd.RangeIndex):
        raise DataError(f"{path} has rows of more cells than its header; a name for each column is wanted.")
    return frame


def _parquet(path: Path) -> "pandas.DataFrame":
    import pandas as pd  # noqa: PLC0415 (takes long to import)
    from pyarrow import ArrowException  # noqa: PLC0415 (takes long to import)

    try:
        frame = pd.read_parquet(path)
    except (ArrowException, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} cannot be read as Parquet ({reason}); write it anew.") from None
    named = [name for name in frame.index.names if name is not None]
    return frame.reset_index() if named else frame.reset_index(drop=True)
