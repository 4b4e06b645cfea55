"""Reading of panels from files."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from nde.data.files.read_options import ReadOptions
from nde.data.frames import FileFrame, plain_name, read_frame
from nde.data.numbers import numbers_of_cells, texts_of
from nde.data.panel.cells import (
    features_of,
    label_texts,
    labels_of,
    number_of,
    quantity_texts,
    unify_ids,
    unify_spelling,
)
from nde.data.panel.columns import check_columns, choose_channels, series_values
from nde.data.panel.merging import FileRows, merge_rows
from nde.data.panel.notes import notes_on_channels, notes_on_sentinels, notes_on_series, quote_names
from nde.data.panel.time_series import TimeSeries
from nde.data.plural import pluralize
from nde.data.table import DataError
from nde.data.times.time_column import times_of_cells


@dataclasses.dataclass(frozen=True, eq=False)
class PanelFile:
    """Result of `read_panel`: the panel of a file, and notes on the data.

    Attributes:
        panel: The series.
        notes: What was changed in the data, and what is unusual about it, one sentence each.
        labels: Further columns with one value for each series, as text; `None` where they are empty.
        categories: The words of each static column of words, in the order of the features that it became.
        options: The options to read another file in the same way: with the order of day and month that was found.

    Example:
        See `read_panel`.
    """

    panel: TimeSeries
    notes: tuple[str, ...]
    labels: dict[str, np.ndarray]
    categories: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    options: ReadOptions = dataclasses.field(default_factory=ReadOptions)


def read_panel(
    path: str | Path,
    series: str | None,
    time: str,
    channels: Sequence[str] | None = None,
    static: Sequence[str] = (),
    target: str | None = None,
    *,
    labels: Sequence[str] = (),
    unit: str = "D",
    since: Any = None,
    options: ReadOptions | None = None,
    categories: Mapping[str, Sequence[str]] | None = None,
) -> PanelFile:
    r"""Read a panel from a long table with one row for each series and time: text, a spreadsheet or a Parquet file.

    Separator, decimal separator, encoding, the format of dates and the like are found from the file, and reported.
    Fixable problems are fixed and reported: rows are sorted by time, repeated rows are dropped, rows with the same
    series and time are merged if their values agree, and series without an observation, or without a target if there is
    a target column, are left out. Unusual data are reported: series with a single observation, constant channels. All
    other problems are errors.

    Args:
        path: The file, with a header. Parquet if its name ends in `.parquet` or `.pq`, else a spreadsheet (`.xlsx`) or
            text with separators, compressed or not.
        series: The column that identifies the series of a row; only an empty cell is missing, `NA` is a name. `None` if
            the file is one series, which has the name of the file as its id.
        time: The column of times: numbers, dates such as `2024-01-31 18:30`, or durations such as `00:01:48`.
        channels: The columns of measurements; an empty cell or `nan` is a missing value. By default all remaining
            columns of numbers that change within series.
        static: Columns of static features, the same in all rows of a series: numbers, or words, of which each becomes a
            feature of 0 and 1.
        target: The column of targets: numbers or labels that are the same in all rows of a series, where not empty.
            `NA`, `nan` and the like are missing values in a column of numbers, and labels in a column of text. Labels
            that differ only in case are one.
        labels: Further columns with at most one value for each series.
        unit: Unit for dates; see `TimeSeries.from_frame`.
        since: Origin of times; see `TimeSeries.from_frame`.
        options: How to read the file, if it shall not be guessed.
        categories: The words of static columns (see `PanelFile`) and of labels, if they are known from another file.

    Returns:
        The panel, notes on the data, and the labels.

    Raises:
        DataError: If the file cannot be read; a column is missing; a row has no series or time; a cell of a channel is
            text or infinite; dates can be taken in two ways; rows contradict each other; a target, static feature or
            label changes within a series; or no series is left.

    Example:
        ```python
        import pathlib, tempfile
        from nde.data import read_panel

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "visits.csv")
            path.write_text("who;day;pulse;ill\na;1;80,5;yes\na;0;;yes\nb;0;61;no\nb;0;61;no\n")
            read = read_panel(path, series="who", time="day", target="ill")
        print(read.panel, read.panel.targets, *read.notes, sep="\n")
        ```
    """
    options = options or ReadOptions()
    series, target = (None if name is None else plain_name(name) for name in (series, target))
    time, static, labels = plain_name(time), list(map(plain_name, static)), list(map(plain_name, labels))
    channels = None if channels is None else list(map(plain_name, channels))
    file = read_frame(path, options)
    described = [*static, *([] if target is None else [target]), *labels]
    special = [*([] if series is None else [series]), time, *described]
    check_columns(file, [*special, *(channels or [])])
    if not len(file.frame):
        raise DataError(f"{path} has a header and no rows; expected at least one.")
    owners, ids, notes_on_ids = _one_series(file) if series is None else _owners(file.frame, series)
    names, notes = choose_channels(file, special, channels, owners)
    times = times_of_cells(file.frame[time], time, options, owners)
    ys, notes_on_values = _channel_values(file.frame, names, owners, ids)
    known = categories or {}
    values, notes_on_labels = _series_columns(file.frame, described, target, known, owners, ids)
    rows, notes_on_rows = merge_rows(FileRows(ids, owners, times.values, ys, tuple(names)), options.duplicates)
    kept, left_out = _usable_series(rows, target, values)
    features = {name: features_of(values[name][kept], name, known.get(name)) for name in static}
    panel = TimeSeries.from_arrays(
        *_split(rows, kept),
        ids=_parse_ids([ids[place] for place in kept]),
        channels=names,
        static=np.concatenate([feature[0] for feature in features.values()], axis=1) if static else None,
        static_names=[each for feature in features.values() for each in feature[1]] if static else None,
        targets=None if target is None else labels_of(values[target][kept], target),
        unit=unit,
        since=since,
    )
    panel = dataclasses.replace(panel, clock=dataclasses.replace(panel.clock, zone=times.zone))
    return PanelFile(
        panel,
        (
            *(*file.notes, *notes_on_ids, *times.notes, *notes, *notes_on_values, *notes_on_labels),
            *(note for feature in features.values() for note in feature[3]),
            *_notes_on_unusual(panel, target, [name for name in static if not features[name][2]]),
            *(*notes_on_rows, *left_out, *notes_on_series(panel), *notes_on_channels(panel)),
        ),
        {name: values[name][kept] for name in labels},
        {name: feature[2] for name, feature in features.items() if feature[2]},
        options.or_else(ReadOptions(date_format=times.order)),
    )


def _channel_values(
    frame: Any, names: Sequence[str], owners: Int[np.ndarray, " rows"], ids: tuple[str, ...]
) -> tuple[Float[np.ndarray, "rows channels"], list[str]]:
    """The values of the channels, and notes on how cells were taken."""
    columns, notes = [], []
    for name in names:
        values, more = numbers_of_cells(frame[name], name)
        columns.append(values)
        notes += [*more, *notes_on_sentinels(name, values)]
    ys = np.stack(columns, axis=1)
    if np.isinf(ys).any():
        row, channel = (int(place) for place in np.argwhere(np.isinf(ys))[0])
        raise DataError(
            f"Column '{names[channel]}' is infinite in row {row + 1}, of series '{ids[owners[row]]}'; leave missing "
            "values empty."
        )
    return ys, notes


def _series_columns(
    frame: Any,
    names: Sequence[str],
    target: str | None,
    known: Mapping[str, Sequence[str]],
    owners: Int[np.ndarray, " rows"],
    ids: tuple[str, ...],
) -> tuple[dict[str, np.ndarray], list[str]]:
    """The values of columns that have one for each series, as text, and notes on labels of several spellings."""
    found, notes = {}, []
    for name in names:
        texts, on_units = label_texts(frame[name]), []
        if name == target:
            texts, on_units = quantity_texts(texts, name)
        texts, on_spelling = unify_spelling(texts, name, known.get(name, ()))
        found[name] = series_values(texts, name, owners, ids)
        notes += [*on_units, *on_spelling]
    return found, notes


def _notes_on_unusual(panel: TimeSeries, target: str | None, static: Sequence[str]) -> list[str]:
    """Notes on static features and targets that are numbers, and may mean missing values."""
    columns = {name: panel.static[:, panel.static_names.index(name)] for name in static}
    if target is not None and panel.targets is not None and panel.targets.dtype.kind in "if":
        columns[target] = panel.targets.astype(np.float64)
    return [note for name, values in columns.items() for note in notes_on_sentinels(name, values, "series")]


def _owners(frame: Any, series: str) -> tuple[Int[np.ndarray, " rows"], tuple[str, ...], list[str]]:
    """The index of the series of each row, the ids of the series in order of first appearance, and notes."""
    texts, notes = unify_ids(texts_of(frame[series]), series)
    places: dict[str, int] = {}
    for row, text in enumerate(texts, start=1):
        if text is None:
            raise DataError(f"Column '{series}' is empty in row {row}; every row must name its series.")
        places.setdefault(text, len(places))
    return np.array([places[text] for text in texts], np.int64), tuple(places), notes


def _one_series(file: FileFrame) -> tuple[Int[np.ndarray, " rows"], tuple[str, ...], list[str]]:
    """The same for a file that is one series."""
    return np.zeros(len(file.frame), np.int64), (file.path.name.split(".")[0],), []


def _usable_series(
    rows: FileRows, target: str | None, values: dict[str, np.ndarray]
) -> tuple[Int[np.ndarray, " some"], list[str]]:
    """The indices of the series with observations and a target, and notes on the others.

    Raises:
        DataError: If no series is left.
    """
    observed = np.bincount(rows.owners, ~np.isnan(rows.ys).all(axis=1), len(rows.ids)) > 0
    known = np.ones(len(rows.ids), bool)
    if target is not None:
        known = np.array([each is not None for each in values[target]], bool)
    notes = []
    for left, what in ((~observed, "no observation"), (observed & ~known, f"no '{target}'")):
        if left.any():
            which = quote_names(rows.ids[place] for place in np.flatnonzero(left))
            notes.append(f"{pluralize(int(left.sum()), 'series')} with {what} left out: {which}.")
    kept = np.flatnonzero(observed & known)
    if not kept.size:
        raise DataError(f"No series is left to use. {' '.join(notes)}")
    return kept, notes


def _split(rows: FileRows, kept: Int[np.ndarray, " some"]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Values and times of each series that is kept."""
    ends = np.cumsum(np.bincount(rows.owners, minlength=len(rows.ids)))[:-1]
    ys, ts = np.split(rows.ys, ends), np.split(rows.times, ends)
    return [ys[place] for place in kept], [ts[place] for place in kept]


def _parse_ids(names: Sequence[str]) -> list[str] | list[int]:
    """Ids as integers, if all of them are written as integers."""
    numbers = [number_of(name) for name in names]
    whole = all(
        number is not None and np.isfinite(number) and name == f"{number:.0f}"
        for name, number in zip(names, numbers, strict=True)
    )
    return [int(name) for name in names] if whole else list(names)
