"""Long series in pieces, to learn what such pieces are like."""

import numpy as np

from nde.cli.panel.parts import Parts
from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.data.panel.notes import pluralize
from nde.data.panel.windows import windows

USUAL_WINDOW = 64
"""Rows of a piece of series that are too few to be taken whole."""
_OVERLAP = 4
"""Pieces to learn from begin a quarter of a piece apart; those of the test do not overlap."""
_TEST = 0.2
_LEAST = 2
"""Pieces of a part."""


def windows_of_each(parts: Parts, rows: int | None) -> tuple[Parts, list[str]]:
    """The parts, their longer series cut into pieces of so many rows, if any number is given.

    Returns:
        The parts; what is said about it.
    """
    said = []
    if parts.validation is not None:
        said.append(
            f"{pluralize(len(parts.validation), 'series')} for validation left out: nothing is stopped by them."
        )
    if rows is None:
        return Parts(parts.train, None, parts.test), said
    train, test = windows(parts.train, rows, max(1, rows // _OVERLAP)), windows(parts.test, rows, rows)
    said.append(f"Series were cut into pieces of {rows} rows: {len(train)} to train on, {len(test)} to test with.")
    return Parts(train, None, test), said


def windows_in_time(panel: TimeSeries, rows: int) -> tuple[Parts, list[str]]:
    """Pieces of series that are too few to set some aside: the last fifth of the rows of each is for the test.

    Returns:
        The parts; what is said about it.

    Raises:
        DataError: If there are not enough rows for two pieces of each part.
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
            f"Got {pluralize(len(panel), 'series')}, at most {int(panel.lengths.max())} rows long, too few for pieces "
            f"of {rows} rows to train on and to test with; at least {10 * rows} rows of a series are wanted, or "
            "a smaller --window, or more series."
        )
    told = (
        f"{pluralize(len(panel), 'series')}, too few to set some aside: cut into pieces of {rows} rows; {len(test)} "
        f"pieces of the last fifth of the rows are for the test, {len(train)} that overlap and come before train."
    )
    return Parts(train, None, test), [told]


def _rows(panel: TimeSeries, spans: list[tuple[int, int]]) -> TimeSeries:
    """Series of some rows of a panel."""
    return TimeSeries.from_arrays(
        [panel.ys[start:end] for start, end in spans],
        [panel.ts[start:end] for start, end in spans],
        channels=panel.channels,
    )
