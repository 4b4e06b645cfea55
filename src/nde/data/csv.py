"""Tables from files."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from nde.core.extras import require
from nde.data.files.read_options import ReadOptions
from nde.data.frames import FileFrame, plain_name, read_frame
from nde.data.numbers import numbers_of_cells, texts_of
from nde.data.panel.cells import unify_ids
from nde.data.panel.merging import merge_repeats
from nde.data.panel.notes import notes_on_sentinels
from nde.data.table import DataError, Table, check_bounded, check_increasing
from nde.data.times.elapsed import elapsed
from nde.data.times.time_column import TimeColumn, times_of_cells

if TYPE_CHECKING:
    import pandas


@dataclasses.dataclass(frozen=True, eq=False)
class TableColumns:
    """Columns of a file: times, quantities and the names of series.

    Attributes:
        times: The times.
        ys: The quantities, of shape `(rows, columns)`; `nan` for missing values.
        series: The series of each row, as text; none if no column names them.
        notes: What was guessed about the file, and what was done to its rows.
        options: The options to read another file in the same way: with the order of day and month that was found.
    """

    times: TimeColumn
    ys: Float[np.ndarray, "rows columns"]
    series: tuple[str, ...]
    notes: tuple[str, ...]
    options: ReadOptions


def read_csv(path: str | Path, time: str, states: Sequence[str], *, options: ReadOptions | None = None) -> Table:
    r"""Read a table of measurements from a text file or spreadsheet with a header.

    Separator, decimal separator, encoding and the like are found from the file; the notes of the table say what was
    guessed.

    Args:
        path: The file: text with separators, compressed or not, `.xlsx` or Parquet.
        time: The column of times, strictly increasing: numbers, or dates, which become numbers since the first; the
            clock of the table turns them into dates again.
        states: The columns of measured quantities; an empty cell or `nan` is a missing value.
        options: How to read the file, if it shall not be guessed.

    Returns:
        The table.

    Raises:
        DataError: If the file or a column is missing, a cell is not a number, or the table is invalid (see `Table`).

    Example:
        ```python
        import pathlib, tempfile
        from nde.data import read_csv

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "data.csv")
            path.write_text("t;x\n0;1,5\n1;2\n2;?\n3;4\n4;5\n")
            table = read_csv(path, time="t", states=["x"])
        print(table.ys, *table.notes)
        ```
    """
    found = read_columns(path, time, states, options=options)
    ts, clock, notes = elapsed(found.times, time, None)
    return Table(time, tuple(states), ts, found.ys, (*found.notes, *notes), clock, found.options)


def read_indexed(
    path: str | Path, time: str, columns: Sequence[str], *, options: ReadOptions | None = None
) -> "pandas.DataFrame":
    r"""Read columns of numbers from a text file or spreadsheet with a header, with times as the index.

    Args:
        path: The file: text with separators, compressed or not, `.xlsx` or Parquet.
        time: The column of times, strictly increasing: numbers, or dates such as `2024-01-31`.
        columns: The columns of numbers; an empty cell or `nan` is a missing value.
        options: How to read the file, if it shall not be guessed.

    Returns:
        A data frame; `attrs["notes"]` says what was guessed, and `attrs["options"]` are the options to read another
        file in the same way: with the order of day and month that was found. The index has a time zone if the dates
        have offsets from UTC (of several, the last), or if the time zone is given.

    Raises:
        DataError: If the file or a column is missing, a cell is not a number, or times do not increase.

    Example:
        ```python
        import pathlib, tempfile
        from nde.data import read_indexed

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "data.csv")
            path.write_text("day,x\n2024-01-01,1\n2024-01-02,\n2024-01-03,3\n")
            print(read_indexed(path, time="day", columns=["x"]))
        ```
    """
    require("nde.data", "pandas")
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    found = read_columns(path, time, columns, options=options)
    times = found.times
    if not len(times.values):
        raise DataError(f"{path} has a header and no rows; expected at least one.")
    check_increasing(times.values, time)
    index = pd.Index(times.values, name=time)
    if times.zone is not None and isinstance(index, pd.DatetimeIndex):
        index = index.tz_localize("UTC").tz_convert(times.zone.tzinfo())
    frame = pd.DataFrame(found.ys, columns=list(columns), index=index)
    frame.attrs["notes"] = found.notes
    frame.attrs["options"] = found.options
    return frame


def read_columns(
    path: str | Path,
    time: str,
    states: Sequence[str],
    series: str | None = None,
    *,
    options: ReadOptions | None = None,
) -> TableColumns:
    """Read times and quantities, and a column of text if `series` is given.

    Raises:
        DataError: If the file or a column is missing, a cell is not a number or not a time, or rows of the same time
            are to be merged and cannot be.
    """
    options = options or ReadOptions()
    time, states = plain_name(time), list(map(plain_name, states))
    series = None if series is None else plain_name(series)
    file = _read_named(Path(path), time, states, series, options)
    texts, notes_on_ids = ([], []) if series is None else unify_ids(texts_of(file.frame[series]), series)
    texts = [text or "" for text in texts]
    owners = np.unique(texts, return_inverse=True)[1] if texts else None
    times = times_of_cells(file.frame[time], time, options, owners).in_seconds(time)
    columns, notes = [], [*file.notes, *notes_on_ids, *times.notes]
    for name in states:
        values, more = numbers_of_cells(file.frame[name], name)
        check_bounded(values, name)
        columns.append(values)
        notes += [*more, *notes_on_sentinels(name, values)]
    ys = np.stack(columns, axis=1)
    if options.duplicates is not None:
        kept, ys, more = merge_repeats(times.values, ys, owners, options.duplicates)
        times = dataclasses.replace(times, values=times.values[kept])
        texts = [texts[row] for row in kept] if texts else []
        notes += more
    found = options.or_else(ReadOptions(date_format=times.order))
    return TableColumns(times, ys, tuple(texts), tuple(notes), found)


def _read_named(path: Path, time: str, states: Sequence[str], series: str | None, options: ReadOptions) -> FileFrame:
    """Read a file that must have some columns."""
    columns = [time, *states, *([] if series is None else [series])]
    if not states:
        raise DataError("Got no state columns; name at least one.")
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise DataError(f"Column '{twice}' is named twice; the time and each state must have separate columns.")
    file = read_frame(path, options)
    for name in columns:
        file.check_column(name)
    return file
