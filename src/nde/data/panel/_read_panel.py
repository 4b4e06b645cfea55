"""Reading of panels from files."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from nde.data.frames import read_frame
from nde.data.numbers import numbers_of_cells, texts_of
from nde.data.panel.cells import feature_texts, label_texts, labels_of, number_of, times_of_cells
from nde.data.panel.columns import check_columns, choose_channels, series_values
from nde.data.panel.merging import FileRows, merge_rows
from nde.data.panel.notes import notes_on_channels, notes_on_series, quote_names
from nde.data.panel.time_series import TimeSeries
from nde.data.plural import pluralize
from nde.data.table import DataError


@dataclasses.dataclass(frozen=True, eq=False)
class PanelFile:
    """Result of `read_panel`: the panel of a file, and notes on the data.

    Attributes:
        panel: The series.
        notes: What was changed in the data, and what is unusual about it, one sentence each.
        labels: Further columns with one value for each series, as text; `None` where they are empty.

    Example:
        See `read_panel`.
    """

    panel: TimeSeries
    notes: tuple[str, ...]
    labels: dict[str, np.ndarray]


def read_panel(
    path: str | Path,
    series: str,
    time: str,
    channels: Sequence[str] | None = None,
    static: Sequence[str] = (),
    target: str | None = None,
    *,
    labels: Sequence[str] = (),
    unit: str = "D",
    since: Any = None,
) -> PanelFile:
    r"""Read a panel from a long table with one row for each series and time: a CSV file or a Parquet file.

    Fixable problems are fixed and reported: rows are sorted by time, repeated rows are dropped, rows with the same
    series and time are merged if their values agree, and series without an observation, or without a target if there is
    a target column, are left out. Unusual data are reported: series with a single observation, constant channels. All
    other problems are errors.

    Args:
        path: The file, with a header. Parquet if its name ends in `.parquet` or `.pq`, else CSV, compressed or not.
        series: The column that identifies the series of a row; only an empty cell is missing, `NA` is a name.
        time: The column of times: numbers, or dates such as `2024-01-31 18:30`.
        channels: The columns of measurements; an empty cell or `nan` is a missing value. By default all remaining
            columns of numbers.
        static: Columns of static features: numbers that are the same in all rows of a series.
        target: The column of targets: numbers or labels that are the same in all rows of a series, where not empty.
            `NA`, `nan` and the like are missing values in a column of numbers, and labels in a column of text.
        labels: Further columns with at most one value for each series.
        unit: Unit for dates; see `TimeSeries.from_frame`.
        since: Origin of times; see `TimeSeries.from_frame`.

    Returns:
        The panel, notes on the data, and the labels.

    Raises:
        DataError: If the file cannot be read; a column is missing; a row has no series or time; a cell of a channel is
            text or infinite; rows contradict each other; a target, static feature or label changes within a series; or
            no series is left.

    Example:
        ```python
        import pathlib, tempfile
        from nde.data import read_panel

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "visits.csv")
            path.write_text("who,day,pulse,ill\na,1,80,yes\na,0,,yes\nb,0,61,no\nb,0,61,no\n")
            read = read_panel(path, series="who", time="day", target="ill")
        print(read.panel, read.panel.targets, *read.notes, sep="\n")
        ```
    """
    frame: Any = read_frame(path)
    special = [series, time, *static, *([] if target is None else [target]), *labels]
    check_columns(Path(path), frame, [*special, *(channels or [])])
    if not len(frame):
        raise DataError(f"{path} has a header and no rows; expected at least one.")
    names, notes_on_columns = choose_channels(Path(path), frame, special, channels)
    raw = _rows(frame, series, time, names)
    texts = {name: (feature_texts if name in static else label_texts)(frame[name]) for name in special[2:]}
    values = {name: series_values(each, name, raw.owners, raw.ids) for name, each in texts.items()}
    rows, notes_on_rows = merge_rows(raw)
    kept, left_out = _usable_series(rows, target, values)
    panel = TimeSeries.from_arrays(
        *_split(rows, kept),
        ids=_parse_ids([rows.ids[place] for place in kept]),
        channels=names,
        static=np.stack([_features(values[name][kept], name) for name in static], axis=1) if static else None,
        static_names=list(static) if static else None,
        targets=None if target is None else labels_of(values[target][kept], target),
        unit=unit,
        since=since,
    )
    notes = (*notes_on_columns, *notes_on_rows, *left_out, *notes_on_series(panel), *notes_on_channels(panel))
    return PanelFile(panel, notes, {name: values[name][kept] for name in labels})


def _rows(frame: Any, series: str, time: str, names: Sequence[str]) -> FileRows:
    owners, ids = _owners(frame, series)
    ys = np.stack([numbers_of_cells(frame[name], name) for name in names], axis=1)
    if np.isinf(ys).any():
        row, channel = (int(place) for place in np.argwhere(np.isinf(ys))[0])
        raise DataError(
            f"Column '{names[channel]}' is infinite in row {row + 1}, of series '{ids[owners[row]]}'; leave missing "
            "values empty."
        )
    return FileRows(ids, owners, times_of_cells(frame[time], time), ys, tuple(names))


def _owners(frame: Any, series: str) -> tuple[Int[np.ndarray, " rows"], tuple[str, ...]]:
    """The index of the series of each row, and the ids of the series in order of first appearance."""
    texts = texts_of(frame[series])
    places: dict[str, int] = {}
    for row, text in enumerate(texts, start=1):
        if text is None:
            raise DataError(f"Column '{series}' is empty in row {row}; every row must name its series.")
        places.setdefault(text, len(places))
    return np.array([places[text] for text in texts], np.int64), tuple(places)


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


def _features(texts: np.ndarray, name: str) -> Float[np.ndarray, " series"]:
    """A static feature of each series; `nan` where it is missing.

    Raises:
        DataError: If a value is not a number.
    """
    values = [np.nan if text is None else number_of(text) for text in texts]
    if None in values:
        raise DataError(
            f"Column '{name}' has the text '{texts[values.index(None)]}'; static features must be numbers. Encode text "
            "as columns of 0 and 1."
        )
    return np.array(values, float)
