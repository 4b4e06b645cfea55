"""Panels from files, and what had to be done to them."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from nde.data.frames import read_frame
from nde.data.panel.cells import labels_of, number_of, numbers_of_cells, texts_of, times_of_cells
from nde.data.panel.columns import check_columns, chosen_channels
from nde.data.panel.merging import FileRows, merged
from nde.data.panel.once import once_a_series
from nde.data.panel.remarks import counted, named, of_channels, of_series
from nde.data.panel.time_series import TimeSeries
from nde.data.table import DataError


@dataclasses.dataclass(frozen=True, eq=False)
class PanelFile:
    """What a file of many series holds.

    Attributes:
        panel: The series.
        remarks: What was done to the data, and what is odd about them, a sentence each.
        labels: Further columns that say one thing about each series, as text; `None` where they say nothing.

    Example:
        See `read_panel`.
    """

    panel: TimeSeries
    remarks: tuple[str, ...]
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
    r"""Reads a long table, a row for each series and time, from a CSV file (packed or not) or a Parquet file.

    What can be put right is put right and said: rows in another order than that of time are sorted; rows that are there
    twice are dropped; rows of one series and time are merged where they do not contradict each other; series without an
    observation, and those without a target if one is named, are left out. What is odd is said: series of a single
    observation, constant channels. The rest is refused.

    Args:
        path: The file, with a header; Parquet if its name ends so.
        series: The column that says which series a row belongs to.
        time: The column of times: numbers, or dates such as `2024-01-31 18:30`.
        channels: The columns of measurements; an empty cell or `nan` is a gap. By default all that are left and hold
            numbers.
        static: Columns of numbers of which each series has one.
        target: A column of numbers or labels of which each series has one; the cells of some rows may be empty.
        labels: Further columns of which each series has one entry or none.
        unit: What dates are counted in, see `TimeSeries.from_frame`.
        since: What times are counted from, likewise.

    Returns:
        The panel, what was said, and the labels.

    Raises:
        DataError: If the file cannot be read; a column is missing; a row belongs to no series or time; a cell of a
            channel is text or infinite; rows contradict each other; a target, feature or label changes in a series; no
            series is left.

    Example:
        ```python
        import pathlib, tempfile
        from nde.data import read_panel

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "visits.csv")
            path.write_text("who,day,pulse,ill\na,1,80,yes\na,0,,yes\nb,0,61,no\nb,0,61,no\n")
            read = read_panel(path, series="who", time="day", target="ill")
        print(read.panel, read.panel.targets, *read.remarks, sep="\n")
        ```
    """
    frame: Any = read_frame(path)
    special = [series, time, *static, *([] if target is None else [target]), *labels]
    check_columns(Path(path), frame, [*special, *(channels or [])])
    if not len(frame):
        raise DataError(f"{path} has a header and no rows; at least one is wanted.")
    names, remarks = chosen_channels(Path(path), frame, special, channels)
    raw = _rows(frame, series, time, names)
    once = {name: once_a_series(frame[name], name, raw.owners, raw.ids) for name in special[2:]}
    rows, more = merged(raw)
    kept, left_out = _kept(rows, target, once)
    panel = TimeSeries.from_arrays(
        *_series(rows, kept),
        ids=_plain([rows.ids[place] for place in kept]),
        channels=names,
        static=np.stack([_features(once[name][kept], name) for name in static], axis=1) if static else None,
        static_names=list(static) if static else None,
        targets=None if target is None else labels_of(once[target][kept], target),
        unit=unit,
        since=since,
    )
    said = (*remarks, *more, *left_out, *of_series(panel), *of_channels(panel))
    return PanelFile(panel, said, {name: once[name][kept] for name in labels})


def _rows(frame: Any, series: str, time: str, names: Sequence[str]) -> FileRows:
    owners, ids = _owners(frame, series)
    ys = np.stack([numbers_of_cells(frame[name], name) for name in names], axis=1)
    if np.isinf(ys).any():
        row, channel = (int(place) for place in np.argwhere(np.isinf(ys))[0])
        raise DataError(
            f"Column '{names[channel]}' is infinite in row {row + 1}, of series '{ids[owners[row]]}'; leave the cell "
            "empty if it is a gap."
        )
    return FileRows(ids, owners, times_of_cells(frame[time], time), ys, tuple(names))


def _owners(frame: Any, series: str) -> tuple[Int[np.ndarray, " rows"], tuple[str, ...]]:
    """Which series each row belongs to, and what they are called, in the order of the file."""
    texts = texts_of(frame[series])
    places: dict[str, int] = {}
    for row, text in enumerate(texts, start=1):
        if text is None:
            raise DataError(f"Column '{series}' is empty in row {row}; every row wants the name of its series.")
        places.setdefault(text, len(places))
    return np.array([places[text] for text in texts], np.int64), tuple(places)


def _kept(
    rows: FileRows, target: str | None, once: dict[str, np.ndarray]
) -> tuple[Int[np.ndarray, " some"], list[str]]:
    """The places of the series that are of use, and what is said about the others.

    Raises:
        DataError: If there is none.
    """
    observed = np.bincount(rows.owners, ~np.isnan(rows.ys).all(axis=1), len(rows.ids)) > 0
    known = np.ones(len(rows.ids), bool)
    if target is not None:
        known = np.array([each is not None for each in once[target]], bool)
    said = []
    for left, what in ((~observed, "no observation"), (observed & ~known, f"no '{target}'")):
        if left.any():
            which = named(rows.ids[place] for place in np.flatnonzero(left))
            said.append(f"{counted(int(left.sum()), 'series')} with {what} left out: {which}.")
    kept = np.flatnonzero(observed & known)
    if not kept.size:
        raise DataError(f"No series is left to use. {' '.join(said)}")
    return kept, said


def _series(rows: FileRows, kept: Int[np.ndarray, " some"]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Values and times of each series that is kept."""
    ends = np.cumsum(np.bincount(rows.owners, minlength=len(rows.ids)))[:-1]
    ys, ts = np.split(rows.ys, ends), np.split(rows.times, ends)
    return [ys[place] for place in kept], [ts[place] for place in kept]


def _plain(names: Sequence[str]) -> list[str] | list[int]:
    """Names as whole numbers, if all are written as such."""
    numbers = [number_of(name) for name in names]
    whole = all(number is not None and name == f"{number:.0f}" for name, number in zip(names, numbers, strict=True))
    return [int(name) for name in names] if whole else list(names)


def _features(texts: np.ndarray, name: str) -> Float[np.ndarray, " series"]:
    """A static feature of each series, `nan` where there is none.

    Raises:
        DataError: If one is no number.
    """
    values = [np.nan if text is None else number_of(text) for text in texts]
    if None in values:
        raise DataError(
            f"Column '{name}' has the text '{texts[values.index(None)]}'; static features are numbers. Make columns of "
            "0 and 1 of a text."
        )
    return np.array(values, float)
