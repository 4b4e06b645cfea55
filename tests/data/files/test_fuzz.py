"""Files that are broken at random: they are read, or refused in one line."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from nde.data import DataError, ReadOptions, read_indexed, read_panel, read_series

ROWS = "who,when,x,y,kind,age\n" + "".join(
    f"{'ab'[i % 2]},{2000 + i},{i * 0.37:.3f},{'' if i % 5 == 0 else i},{'yn'[i % 2]},3{i % 2}\n" for i in range(12)
)
FILES = (
    ROWS,
    ROWS.replace(",", ";").replace(".", ","),
    ROWS.replace(",", "\t").replace("200", "2024-01-1").replace("201", "2024-02-1"),
    "# made by hand\n" + ROWS.replace("yes", '"yes, ""or"" no"'),
    ROWS.replace(",20", ',"31/03/20'.replace('"', "")).replace(",3", ",3 mV"),
    ROWS.replace(",y\n", ",yes\n").replace("a,", "inf,").replace("b,", "nan,"),
)
SIGNS = (
    '"',
    "'",
    "\n",
    "\r",
    "\0",
    ",",
    ";",
    "\t",
    "#",
    "%",
    "\ufeff",
    "\u2028",
    "\x1c",
    "\x85",
    "é",
    "😀",
    "−",
    "\\",
    "\x1b",
)
NUMBERS = ("inf", "-inf", "nan", "1e999", "0x1F", "1_000", "９", "<", "<1", "45%", "12 mV", "1,234.5", "9" * 400)
DATES = (
    *("2024-02-30", "31/12/9999", "00/00/0000", "99:99:99", "2024Q9", "99999999", "0000-01-01", "2024-W60", "24:00"),
    *(
        "10000-01-01",
        "1 Foo 2000",
        "12/31/99",
        "-0001-01-01",
        "2024-01-01T00:00+99:99",
        "20241301",
        "9" * 20 + ":00:00",
    ),
)
WORDS = ("=", "()", "[1, 2]", "{}", "None", "True", "<script>", "$(x)", " ", "", "\xa0", "who", "when")
PIECES = (*SIGNS, *NUMBERS, *DATES, *WORDS)
OPTIONS = tuple(
    ReadOptions(**options)
    for options in (
        *({}, {}, {}, {"sep": ";"}, {"decimal": ","}, {"sep": "space"}, {"timezone": "Europe/Berlin"}),
        *({"date_format": "dmy"}, {"duplicates": "mean"}, {"encoding": "utf-16"}, {"date_format": "%Y"}),
        {"encoding": "latin-1", "duplicates": "last"},
    )
)
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-16", "utf-8-sig", "cp1252", "utf-16-le")


def inserted(text: str, start: int, end: int, piece: str) -> str:
    return text[:start] + piece + text[start:]


def deleted(text: str, start: int, end: int, piece: str) -> str:
    return text[:start] + text[min(end, start + 20) :]


def cut(text: str, start: int, end: int, piece: str) -> str:
    return text[:end] if start % 3 == 0 else text[:end] + text[start:]


def another_cell(text: str, start: int, end: int, piece: str) -> str:
    cells = text.split(",")
    cells[start % len(cells)] = piece
    return ",".join(cells)


def rotated(text: str, start: int, end: int, piece: str) -> str:
    lines = text.split("\n")
    place = start % len(lines)
    return "\n".join([*lines[place:], *lines[:place]])


def replaced(text: str, start: int, end: int, piece: str) -> str:
    return text.replace(text[start : start + 1], piece) if len(text) < 3000 else text


CHANGES = (inserted, deleted, cut, another_cell, rotated, replaced)


def broken_files(count: int, seed: int) -> Iterator[bytes]:
    """Files with pieces put in, taken out, moved or cut off."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        text = FILES[random.integers(len(FILES))]
        for _ in range(random.integers(0, 6)):
            start, end = sorted(random.integers(0, len(text) + 1, 2).tolist())
            text = CHANGES[random.integers(len(CHANGES))](text, start, end, PIECES[random.integers(len(PIECES))])
        content = text[:20000].encode(ENCODINGS[random.integers(len(ENCODINGS))], "replace")
        place = random.integers(10 * len(content) + 1)
        yield content if place > len(content) else content[:place] + random.bytes(3) + content[place:]


def refusal(read: Callable[[], object]) -> str | None:
    """The message if a file is refused, or `None`."""
    try:
        read()
    except DataError as error:
        return str(error)
    return None


def check(folder: Path, count: int, seed: int) -> None:
    """Read files in every way; only refusals of one line may come."""
    random, path, read = np.random.default_rng(seed), folder / "broken.csv", 0
    for content in broken_files(count, seed):
        path.write_bytes(content)
        options = OPTIONS[random.integers(len(OPTIONS))]
        readers = (
            lambda o=options: read_panel(path, "who", "when", target="kind", static=["age"], options=o),
            lambda o=options: read_panel(path, "who", "when", ["x"], labels=["kind"], options=o),
            lambda o=options: read_panel(path, "when", "x", options=o),
            lambda o=options: read_indexed(path, "when", ["x", "y"], options=o),
            lambda o=options: read_series(path, "when", ["x"], "who", options=o),
        )
        try:
            message = refusal(readers[random.integers(len(readers))])
        except Exception as error:
            raise AssertionError(f"{error!r} of {content!r} with {options}") from error
        read += message is None
        assert "\n" not in (message or "")
    # Most are broken, and not all.
    assert 0.01 * count < read < count


def test_broken_files_are_read_or_refused(tmp_path: Path):
    check(tmp_path, 400, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_many_broken_files_are_read_or_refused(seed: int, tmp_path: Path):
    check(tmp_path, 5000, seed)


def test_broken_spreadsheets_are_refused(tmp_path: Path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in ROWS.splitlines():
        book.active.append(row.split(","))
    whole = io.BytesIO()
    book.save(whole)
    random, path = np.random.default_rng(0), tmp_path / "broken.xlsx"
    with zipfile.ZipFile(whole) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(30):
        name = list(parts)[random.integers(len(parts))]
        place = random.integers(len(parts[name]))
        changed = {**parts, name: parts[name][:place] + random.bytes(2) + parts[name][place + 2 :]}
        with zipfile.ZipFile(path, "w") as archive:
            for part, content in changed.items():
                archive.writestr(part, content)
        content = path.read_bytes()
        if random.random() < 0.3:
            path.write_bytes(content[: random.integers(len(content))])
        assert "\n" not in (refusal(lambda: read_indexed(path, "when", ["x"])) or "")
