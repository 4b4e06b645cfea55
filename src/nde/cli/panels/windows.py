"""Cut series into windows, to generate series like those."""

import numpy as np

from nde.cli.panels.split import Split, only_so_many
from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.data.panel.windows import windows
from nde.data.plural import pluralize

USUAL_WINDOW = 64
"""Rows of a window of series that are too few to be taken whole."""
_OVERLAP = 4
"""Windows to train on begin a quarter of a window apart; those of the test do not overlap."""
_TEST = 0.2
_LEAST = 2
"""Windows of a part."""


def cut_series(split: Split, rows: int | None) -> tuple[Split, list[str]]:
    """Cut the longer series of each part into windows of so many rows, if a number is given.

    Returns:
        The split, without series for validation; remarks.
    """
    split, remarks = split.without_validation()
    if rows is None:
        return split, remarks
    train, test = windows(split.train, rows, max(1, rows // _OVERLAP)), windows(split.test, rows, rows)
    remark = f"Series were cut into pieces of {rows} rows: {len(train)} to train on, {len(test)} to test with."
    return Split(train, None, test), [*remarks, remark]


def cut_in_time(panel: TimeSeries, rows: int) -> tuple[Split, list[str]]:
    """Cut series that are too few to set some aside: windows of the last fifth of the rows of each are for the test.

    Returns:
        The split; remarks.

    Raises:
        DataError: If there are not enough rows for two windows of each part.
    """
    ends = panel.starts + panel.lengths
    cuts = ends - np.maximum(rows, np.rint(_TEST * panel.lengths).astype(np.int64))
    spans = list(zip(panel.starts.tolist(), cuts.tolist(), ends.tolist(), strict=True))
    first = [(start, cut) for start, cut, _ in spans if cut - start >= rows]
    last = [(cut, end) for start, cut, end in spans if cut >= start]
    train = None if not first else windows(_rows(panel, first), rows, max(1, rows // _OVERLAP))
    test = None if not last else windows(_rows(panel, last), rows, rows)
    if train is None or test is None or min(len(train), len(test)) < _LEAST:
        raise DataError(
            f"Got {pluralize(len(panel), 'series')} of at most {int(panel.lengths.max())} rows, too few to cut "
            f"into pieces of {rows} rows for training and testing. Use a series of at least {10 * rows} rows, "
            "decrease --window, or add series."
        )
    remark = (
        f"{only_so_many(len(panel))}, too few to hold some out. {'It was' if len(panel) == 1 else 'They were'} cut "
        f"into pieces of {rows} rows: {len(test)} from the last fifth of the rows, held out for testing, and "
        f"{len(train)} overlapping ones from the rows before, to train on."
    )
    return Split(train, None, test), [remark]


def _rows(panel: TimeSeries, spans: list[tuple[int, int]]) -> TimeSeries:
    """Series of some rows of a panel."""
    return TimeSeries.from_arrays(
        [panel.ys[start:end] for start, end in spans],
        [panel.ts[start:end] for start, end in spans],
        channels=panel.channels,
    )
