"""The text of a file: unpacked, and decoded."""

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path

from nde.data.table import DataError

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order marks; that of UTF-32 begins with that of UTF-16."""
_PACKERS = {
    b"\x1f\x8b": ("gzip", gzip.decompress),
    b"BZh": ("bzip2", bz2.decompress),
    b"\xfd7zXZ": ("xz", lzma.decompress),
}
"""The first bytes of compressed files."""
_PACKED_NAMES = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zip": "zip"}
_ZIP = b"PK\x03\x04"
_FALLBACK = "cp1252"


def unpack(path: Path, content: bytes) -> bytes:
    """The content of a file, unpacked if it is compressed by gzip, bzip2, xz or zip.

    Raises:
        DataError: If it is damaged, or a zip file of several files.
    """
    name, unpacked = next((packer for mark, packer in _PACKERS.items() if content.startswith(mark)), ("", None))
    expected = _PACKED_NAMES.get(path.suffix.lower())
    if content.startswith(_ZIP):
        name, unpacked = "zip", _unzip
    if expected is not None and content and name != expected:
        raise DataError(f"{path} cannot be read: its name says that it is {expected}, and it is not; rename it.")
    if unpacked is None:
        return content
    try:
        return unpacked(content)
    except (EOFError, OSError, zlib.error, lzma.LZMAError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        if isinstance(error, DataError):
            raise DataError(f"{path} cannot be read: {error}") from None
        raise DataError(f"{path} cannot be read: its {name} content is damaged ({error}).") from None


def decode(path: Path, content: bytes, encoding: str | None) -> tuple[str, list[str]]:
    """The text of a file, and a note on its encoding if it was guessed.

    Raises:
        DataError: If it is not text, or not in the encoding that was given.
    """
    found = encoding or _encoding_by_mark(content)
    notes = [f"Read as {found.upper()}."] if encoding is None and "utf-8" not in found else []
    try:
        text = content.decode(found)
    except (UnicodeError, ValueError) as error:
        if encoding is not None:
            raise DataError(
                f"{path} cannot be read as {encoding} ({_one_line(error)}); try another --encoding, or leave it out."
            ) from None
        text, notes = _decode_by_fallback(content)
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        raise DataError(
            f"{path} cannot be read as CSV (it has NUL characters); expected a text file. Name its --encoding, or "
            "write it again."
        )
    return text, notes


def _encoding_by_mark(content: bytes) -> str:
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            return name
    # In UTF-16, every other byte of plain letters and digits is zero.
    sample = content[:2000]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) > 0.3 * len(sample) and min(even, odd) == 0:
        return "utf-16-be" if even else "utf-16-le"
    return "utf-8"


def _decode_by_fallback(content: bytes) -> tuple[str, list[str]]:
    try:
        text = content.decode(_FALLBACK)
    except UnicodeDecodeError:
        # Some bytes have no character in cp1252; all have in Latin-1.
        text = content.decode("latin-1")
    return text, [f"The file is not UTF-8; it was read as {_FALLBACK}. If letters look wrong, name its --encoding."]


def _unzip(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
        if len(names) != 1:
            raise DataError(
                f"it is a zip file of {len(names)} files; expected one. Unpack it, and name the file to read."
            )
        return archive.read(names[0])


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
