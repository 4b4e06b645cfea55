"""Reading of tables whose rows are samples, without times."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from nde.data.files.read_options import ReadOptions
from nde.data.frames import FileFrame, read_frame
from nde.data.numbers import parse_numbers
from nde.data.panel._read_panel import PanelFile
from nde.data.panel.cells import feature_texts, features_of, kind_of, label_texts, labels_of, unify_spelling
from nde.data.panel.columns import NAMELESS, check_columns, note_left_out
from nde.data.panel.notes import notes_on_sentinels
from nde.data.panel.time_series import TimeSeries
from nde.data.plural import pluralize
from nde.data.table import DataError

_MOST_WORDS = 20


@dataclasses.dataclass(frozen=True, eq=False)
class _Feature:
    """What became of a column.

    Attributes:
        values: A column of numbers, or one of 0 and 1 for each word.
        names: The names of these.
        words: The words, if it has some.
        notes: How cells were taken.
    """

    values: Float[np.ndarray, "rows features"]
    names: list[str]
    words: tuple[str, ...]
    notes: list[str]


def read_rows(
    path: str | Path,
    columns: Sequence[str] | None = None,
    target: str | None = None,
    *,
    labels: Sequence[str] = (),
    options: ReadOptions | None = None,
    categories: Mapping[str, Sequence[str]] | None = None,
) -> PanelFile:
    r"""Read a table without times, of which each row is a sample: text, a spreadsheet or a Parquet file.

    The result is a panel whose series are the rows: each has a single time, 0, and the number of the row in the file as
    its id. Numbers are channels; so is each word of a column of few words, as 0 and 1. Separators, encoding and the
    like are found as by `read_panel`.

    Args:
        path: The file, with a header.
        columns: The columns to predict from. By default all but those without a name or an entry, constant ones, those
            that count the rows, and those of many different words, or of numbers and text.
        target: The column of targets; rows where it is empty are left out.
        labels: Further columns of text.
        options: How to read the file, if it shall not be guessed.
        categories: The words of columns of words and of labels, if they are known from another file.

    Returns:
        The rows as a panel, notes on the data, the labels, and the words of each column.

    Raises:
        DataError: If the file cannot be read; a column is missing; a named column has numbers and text, or many words;
            a number is infinite; or no column or row is left.

    Example:
        ```python
        import pathlib, tempfile
        from nde.data import read_rows

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "flowers.csv")
            path.write_text("id;petal;color;kind\n1;4,2;red;rose\n2;3,1;;rose\n3;1,7;blue;viola\n4;1,5;red;viola\n")
            read = read_rows(path, target="kind")
        print(read.panel.channels, read.panel.ys, read.panel.targets, *read.notes, sep="\n")
        ```
    """
    options, known = options or ReadOptions(), categories or {}
    file = read_frame(path, options)
    special = [*([] if target is None else [target]), *labels]
    check_columns(file, [*special, *(columns or [])])
    if not len(file.frame):
        raise DataError(f"{path} has a header and no rows; expected at least one.")
    names, notes = _choose_columns(file, special, columns)
    features = [_feature(file.frame[name], name, known.get(name)) for name in names]
    texts, more = _labels(file.frame, special, known)
    values = np.concatenate([feature.values for feature in features], axis=1)
    channels = [name for feature in features for name in feature.names]
    _check_finite(values, channels)
    kept, left_out = _usable_rows(values, target, texts)
    if not kept.any():
        raise DataError(f"No row is left of {path}: {' '.join(left_out)}")
    targets = None if target is None else labels_of(texts[target][kept], target)
    panel = TimeSeries.from_arrays(
        values[kept][:, None], ids=(np.flatnonzero(kept) + 1).tolist(), channels=channels, targets=targets
    )
    return PanelFile(
        panel,
        (
            *(*file.notes, *notes, *(note for feature in features for note in feature.notes), *more, *left_out),
            *(*_notes_on_gaps(names, features, kept), *_notes_on_copies(panel)),
        ),
        {name: texts[name][kept] for name in labels},
        {name: feature.words for name, feature in zip(names, features, strict=True) if feature.words},
        options,
    )


def columns_of_rows(channels: Sequence[str], categories: Mapping[str, Sequence[str]]) -> list[str]:
    """The columns of a file that became channels by `read_rows`."""
    columns = {f"{name}={word}": name for name, words in categories.items() for word in words}
    return list(dict.fromkeys(columns.get(channel, channel) for channel in channels))


def _choose_columns(
    file: FileFrame, special: Sequence[str], columns: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """The named columns, or all that may be features; and notes on those that are left out."""
    frame = file.frame
    if columns:
        return list(columns), []
    left = [name for name in frame.columns if name not in special]
    nameless = [name for name in left if not name or name.startswith(NAMELESS)]
    check_columns(file, left)
    reasons = {name: _reason_to_leave_out(frame[name]) for name in left if name not in nameless}
    chosen = [name for name, reason in reasons.items() if not reason]
    notes = note_left_out("without a name", nameless)
    for reason in dict.fromkeys(reason for reason in reasons.values() if reason):
        notes += note_left_out(reason, [name for name in reasons if reasons[name] == reason])
    if not chosen:
        raise DataError(
            f"{file.path} has no column to predict from besides {', '.join(special)}. {' '.join(notes)}".rstrip()
        )
    return chosen, notes


def _reason_to_leave_out(column: Any) -> str:
    """Why a column cannot be a feature; empty if it can."""
    if kind_of(column) == "nothing":
        return "without an entry"
    found = parse_numbers(column)
    entries = {text for text in feature_texts(column) if text is not None}
    if len(entries) == 1:
        return "of a single value"
    if not found.wrong.any():
        steps = np.diff(found.values)
        whole = np.isfinite(found.values).all() and found.values[0] in {0.0, 1.0}
        return "that only counts the rows" if whole and len(steps) > 1 and (steps == 1).all() else ""
    if not np.isnan(found.values).all():
        return "of numbers and text"
    return "of many different words" if _are_many(len(entries), len(column)) else ""


def _are_many(words: int, rows: int) -> bool:
    """Whether these are too many words for as many rows."""
    return words > min(_MOST_WORDS, max(2, rows // 2))


def _feature(column: Any, name: str, known: Sequence[str] | None) -> _Feature:
    """A column as features.

    Raises:
        DataError: If it has numbers and text, or many words.
    """
    texts = feature_texts(column)
    words = {text for text in texts if text is not None}
    if known is None and parse_numbers(column).wrong.any() and _are_many(len(words), len(texts)):
        raise DataError(
            f"Column '{name}' has {len(words)} different words for {len(texts)} rows; a feature is a number, or one of "
            "few words. Leave it out of --channels."
        )
    values, names, found, notes = features_of(texts, name, known)
    return _Feature(values, names, found, notes if found else [*notes, *notes_on_sentinels(name, values[:, 0])])


def _labels(
    frame: Any, names: Sequence[str], known: Mapping[str, Sequence[str]]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """The text of the target and of labels, and notes on labels of several spellings."""
    found, notes = {}, []
    for name in names:
        found[name], more = unify_spelling(label_texts(frame[name]), name, known.get(name, ()))
        notes += more
    return found, notes


def _check_finite(values: Float[np.ndarray, "rows features"], names: Sequence[str]) -> None:
    if np.isinf(values).any():
        row, place = (int(each) for each in np.argwhere(np.isinf(values))[0])
        raise DataError(f"Column '{names[place]}' is infinite in row {row + 1}; leave missing values empty.")


def _usable_rows(
    values: Float[np.ndarray, "rows features"], target: str | None, texts: Mapping[str, np.ndarray]
) -> tuple[Bool[np.ndarray, " rows"], list[str]]:
    """Which rows have a value and, if there is a target, one of that; and notes on the others."""
    kept, notes = (~np.isnan(values)).sum(axis=1) > 0, []
    empty = ~kept
    if empty.any():
        notes.append(f"{pluralize(int(empty.sum()), 'row')} without any value left out.")
    if target is not None:
        known = np.array([text is not None for text in texts[target]], bool)
        without = int((kept & ~known).sum())
        notes += [f"{pluralize(without, 'row')} without '{target}' left out."] if without else []
        kept = kept & known
    return kept, notes


def _notes_on_gaps(names: Sequence[str], features: Sequence[_Feature], kept: Bool[np.ndarray, " rows"]) -> list[str]:
    missing = [int(np.isnan(feature.values[kept, 0]).sum()) for feature in features]
    return [
        f"Column '{name}' is empty in {pluralize(count, 'row')}: the mean stands in, and a feature says so."
        for name, count in zip(names, missing, strict=True)
        if count
    ]


def _notes_on_copies(panel: TimeSeries) -> list[str]:
    """A note on rows that are the same as another."""
    copies = len(panel) - len(np.unique(panel.ys, axis=0))
    if not copies:
        return []
    what = f"{pluralize(copies, 'row')} {'repeats' if copies == 1 else 'repeat'}"
    return [f"{what} the values of another: if one is to train on and the other to test with, the test is too easy."]
