"""Folders that are there whole or not at all."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nde.data import DataError


def check_new(folder: Path) -> None:
    """Refuses a folder that is there already, or cannot be made.

    Raises:
        DataError: If so.
    """
    if folder.exists() or folder.is_symlink():
        raise DataError(f"{folder} exists already; name another with --out, or remove it.")
    above = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    if not above.is_dir():
        raise DataError(f"{folder} cannot be made, for {above} is a file; name another with --out.")


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into, which takes its name when all is written, and vanishes if something fails."""
    check_new(folder)
    made = [parent for parent in folder.absolute().parents if not parent.exists()]
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.absolute().parent))
    except OSError as error:
        raise DataError(f"{folder} cannot be made: {error.strerror or error}.") from None
    try:
        yield draft
        draft.chmod(0o755)
        draft.rename(folder.absolute())
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        for parent in made:
            with contextlib.suppress(OSError):
                parent.rmdir()
        raise
