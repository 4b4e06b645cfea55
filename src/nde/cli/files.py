"""Files and folders that are written whole or not at all, and the CSV text in them."""

import contextlib
import csv
import io
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from nde.data import DataError
from nde.data.frames import plain_name


class WriteError(DataError):
    """A file or folder that cannot be written, for example because the disk is full."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path} cannot be written: {error.strerror or error}.")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format a CSV file; cells with commas, quotes or line breaks are quoted.

    Args:
        header: The names of the columns.
        rows: The cells of each row, as many as there are columns.
    """
    return "".join(f"{_line(row)}\n" for row in itertools.chain([header], rows))


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    # By this terminator the writer quotes both kinds of line breaks.
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n")


def column_names(option: str | None) -> list[str]:
    """Names with commas between them; a name that holds a comma stands in quotes, as in a CSV file."""
    if option is None:
        return []
    rows = csv.reader([" ".join(option.splitlines())], skipinitialspace=True)
    return [plain_name(name) for row in rows for name in row if name.strip()]


def column_name(option: str) -> str:
    """One name, which may stand in double quotes."""
    name = plain_name(option)
    quoted = len(name) > 1 and name.startswith('"') and name.endswith('"')
    return column_names(name)[0] if quoted and len(column_names(name)) == 1 else name


def check_new(path: Path) -> None:
    """Refuse a file or folder that exists, or cannot be made.

    Raises:
        DataError: If so.
    """
    if path.exists() or path.is_symlink():
        raise DataError(f"{path} exists already; name another with --out, or remove it.")
    above = next(parent for parent in path.absolute().parents if parent.exists())
    if not above.is_dir():
        raise DataError(f"{path} cannot be made, for {above} is a file; name another with --out.")
    if not os.access(above, os.W_OK):
        raise DataError(f"{path} cannot be made, for {above} is not writable; name another with --out.")


def write_new_file(path: Path, text: str) -> None:
    """Write a file that does not exist yet, whole or not at all, and the folders above it.

    Raises:
        DataError: If it exists, or cannot be written.
    """
    check_new(path)
    try:
        path.absolute().parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.absolute().parent)
        draft = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            draft.chmod(0o644)
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise WriteError(path, error) from None


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into: it takes its name when all is written, and is removed if something fails.

    Raises:
        DataError: If the folder exists, or it or what is in it cannot be written.
    """
    check_new(folder)
    try:
        with _draft(folder) as draft:
            yield draft
    except OSError as error:
        raise WriteError(folder, error) from None


@contextlib.contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    missing = [parent for parent in folder.absolute().parents if not parent.exists()]
    draft = None
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.absolute().parent))
        yield draft
        draft.chmod(0o755)
        draft.rename(folder.absolute())
    except BaseException:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
        for parent in missing:
            with contextlib.suppress(OSError):
                parent.rmdir()
        raise


def new_folder_name(folder: Path) -> Path:
    """The folder, with a number after its name if it exists."""
    number, new = 1, folder
    while new.exists():
        number += 1
        new = folder.with_name(f"{folder.name}-{number}")
    return new
