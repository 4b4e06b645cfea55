"""The layout of a text file: separator, header, comments, titles and footers."""

import csv
import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from nde.data.numbers import is_gap, is_number
from nde.data.plural import pluralize
from nde.data.table import DataError

_CANDIDATES = ("\t", ";", "|", ",", " ")
"""Separators, the least likely to occur within a cell first; spaces only if nothing else fits."""
_SAMPLE = 200
_LONGEST_CELL = 50
"""The largest number of lines of one cell; a quote that does not end before that is a character."""
_SEP_LINE = re.compile(r"sep=(.)", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class TextRows:
    """A text file as a header and rows of cells.

    Attributes:
        header: The names of the columns.
        rows: The cells of each row, stripped; as many as there are names, or fewer or more.
        notes: What was guessed, and what was skipped.
        cut_by_commas: Whether commas without quotes are between the cells, so that a decimal comma may have been taken
            for one.
    """

    header: list[str]
    rows: list[list[str]]
    notes: list[str]
    cut_by_commas: bool = False

    @classmethod
    def of_rows(cls, rows: list[list[str]]) -> "TextRows":
        """The header among rows, and those below it.

        Args:
            rows: The cells of each row, with titles, comments and empty rows among them.
        """
        rows = [row for row in rows if any(row) and not _is_comment(row[0])]
        start = _header_row(rows[:_SAMPLE])
        below, notes = _without_footer(rows[start], rows[start + 1 :])
        return cls(rows[start], below, [*_note_on_titles([" ".join(row) for row in rows[:start]]), *notes])


def read_layout(text: str, sep: str | None) -> TextRows:
    """Split a text into a header and rows.

    Args:
        text: The content of the file.
        sep: The separator, if it was given.

    Raises:
        DataError: If there is no header.
    """
    records = [record for record in _records(text) if record.strip()]
    if records and (first := _SEP_LINE.fullmatch(records[0].strip())):
        sep, records = sep or first[1], records[1:]
    records, comments = _without_comments(records)
    if not records:
        raise DataError("the file is empty; expected a header and rows of numbers.")
    found = sep or _find_separator(records[:_SAMPLE])
    rows = [split_cells(record, found) for record in records]
    notes = [] if sep or found == "," else [f"Read with {_shown(found)} between columns."]
    header = _commented_header(rows, comments, found)
    if header is not None:
        notes.append("The header is the last comment line before the rows.")
    else:
        start = _header_row(rows[:_SAMPLE])
        notes += _note_on_titles(records[:start])
        header, rows = rows[start], rows[start + 1 :]
    rows, footer = _without_footer(header, rows)
    lines = pluralize(len(comments), "comment line")
    notes += [f"{lines} (#) skipped."] if comments else []
    return TextRows(header, rows, notes + footer, found == "," and not records[-1].lstrip().startswith('"'))


def split_cells(record: str, sep: str) -> list[str]:
    """The cells of a row, stripped.

    Raises:
        DataError: If quotes are not closed.
    """
    if '"' not in record:
        return record.split() if sep == " " else [cell.strip() for cell in record.split(sep)]
    line = record.replace("\t", " ").strip() if sep == " " else record
    try:
        (cells,) = csv.reader([line], delimiter=sep, skipinitialspace=True)
    except (csv.Error, ValueError):
        raise DataError(f"cells in quotes do not end where they should, near '{record.strip()[:40]}'.") from None
    return [cell.strip() for cell in cells]


def _records(text: str) -> Iterator[str]:
    """The lines of a text, those within one quoted cell together."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if '"' not in text:
        yield from lines
        return
    open_lines: list[str] = []
    for line in lines:
        quotes = line.count('"') % 2 == 1
        if not open_lines and not quotes:
            yield line
            continue
        open_lines.append(line)
        if quotes and len(open_lines) > 1:
            yield "\n".join(open_lines)
            open_lines = []
        elif len(open_lines) > _LONGEST_CELL:
            yield from _unquoted(open_lines)
            open_lines = []
    yield from _unquoted(open_lines)


def _unquoted(lines: list[str]) -> Iterator[str]:
    """Lines after a quote that never ends."""
    return (line.replace('"', "") if line.count('"') % 2 else line for line in lines)


def _without_comments(records: list[str]) -> tuple[list[str], list[str]]:
    """Records that are not comments, and comments. If all rows begin with #, it is part of their first cell."""
    marked = [_is_comment(record) for record in records]
    if len(records) - sum(marked) < 2:
        return records, []
    comments = [record for record, mark in zip(records, marked, strict=True) if mark]
    return [record for record, mark in zip(records, marked, strict=True) if not mark], comments


def _is_comment(record: str) -> bool:
    text = record.lstrip().lstrip('"')
    return text.startswith("#") and not is_gap(re.split(r'[,;\t|"]', text, maxsplit=1)[0].strip())


def _commented_header(rows: list[list[str]], comments: list[str], sep: str) -> list[str] | None:
    """The header in the last comment, as `numpy.savetxt` writes it, if the first row has no name."""
    if not comments or not all(is_number(cell) or is_gap(cell) or cell[:1].isdigit() for cell in rows[0]):
        return None
    header = split_cells(comments[-1].lstrip().lstrip("#").strip(), sep)
    return header if len(header) == len(rows[0]) and not any(map(is_number, header)) else None


def _find_separator(records: Sequence[str]) -> str:
    """The separator that cuts the header and most rows into the same number of cells."""
    best, best_score = ",", (False, 0.0)
    for sep in _CANDIDATES:
        try:
            rows = [split_cells(record, sep) for record in records]
        except DataError:
            continue
        (common, count), *_ = Counter(map(len, rows)).most_common(1)
        header = rows[_header_row(rows)]
        agrees = len(header) == common and count >= len(rows) / 2
        score = (agrees, 0.0 if agrees else count / len(rows))
        if common > 1 and score > best_score:
            best, best_score = sep, score
    return best


def _header_row(rows: Sequence[Sequence[str]]) -> int:
    """The first row that has as many entries as rows usually have, and no number among them; else the first."""
    entries = [_last_entry(row) for row in rows]
    counts = Counter(entries)
    usual = max(counts, key=lambda count: (counts[count], count))
    for place, count in enumerate(entries):
        if count >= usual:
            return place if count > 1 and not any(is_number(cell) for cell in rows[place]) else 0
    return 0


def _last_entry(row: Sequence[str]) -> int:
    """How many cells a row has up to the last that is not empty."""
    return next((place + 1 for place in reversed(range(len(row))) if row[place]), 0)


def _without_footer(header: list[str], rows: list[list[str]]) -> tuple[list[list[str]], list[str]]:
    """Rows without empty ones, and without lines of text at the end that have one entry only."""
    kept = [row for row in rows if any(row)]
    empty, end = len(rows) - len(kept), len(kept)
    while end and len(header) > 1 and _is_footer(kept[end - 1]):
        end -= 1
    footer = [f"'{row[0][:40]}'" for row in kept[end:]]
    notes = [f"{pluralize(empty, 'row')} without an entry skipped."] if empty else []
    return kept[:end], notes + ([f"Text below the rows skipped: {', '.join(footer[:3])}."] if footer else [])


def _is_footer(row: list[str]) -> bool:
    text = row[0]
    return not any(row[1:]) and " " in text and text[:1].isalpha() and not any(map(is_number, text.split()[:1]))


def _note_on_titles(records: Sequence[str]) -> list[str]:
    titles = [f"'{record.strip(' ,;|' + chr(9))[:40]}'" for record in records]
    return [f"{pluralize(len(titles), 'line')} above the header skipped: {', '.join(titles[:3])}."] if titles else []


def _shown(sep: str) -> str:
    return {"\t": "tabs", " ": "spaces"}.get(sep, f"'{sep}'")
