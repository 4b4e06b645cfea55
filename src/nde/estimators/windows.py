"""Long series in pieces."""

import dataclasses

import numpy as np
from jaxtyping import Float, Int

from nde.data.panel import TimeSeries

_OVERLAP = 4
"""Windows to learn from begin a quarter of a window apart."""


def training_windows(panel: TimeSeries, rows: int) -> TimeSeries:
    """Series of at most so many rows, which overlap, each with times since its first row and an observation.

    Static features and targets are left out.
    """
    values, times = [], []
    for record in panel:
        for start in window_starts(len(record.ts), rows, max(1, rows // _OVERLAP)):
            part = slice(start, start + rows)
            if not np.isnan(record.ys[part]).all():
                values.append(record.ys[part])
                times.append(record.ts[part] - record.ts[start])
    return TimeSeries.from_arrays(values, times, channels=panel.channels)


def window_starts(length: int, rows: int, apart: int) -> Int[np.ndarray, " windows"]:
    """Where windows of so many rows begin, so that they hold all rows; the last ends with the series."""
    last = max(0, length - rows)
    return np.unique(np.append(np.arange(0, last, apart), last))


@dataclasses.dataclass
class Pieces:
    """Pieces of series side by side, and for each the times at which something of it is wanted.

    Attributes:
        ts: Times since the first row of the piece.
        ys: Channels; `nan` in the padding.
        lengths: How many rows each has.
        wanted: Times that do not go back; the padding repeats the last.
        places: Where in its series each of these was wanted; -1 in the padding.
        owners: Which series each piece is of.
    """

    ts: Float[np.ndarray, "pieces rows"]
    ys: Float[np.ndarray, "pieces rows channels"]
    lengths: Int[np.ndarray, " pieces"]
    wanted: Float[np.ndarray, "pieces times"]
    places: Int[np.ndarray, "pieces times"]
    owners: Int[np.ndarray, " pieces"]

    @classmethod
    def of(cls, panel: TimeSeries, wanted: list[Float[np.ndarray, " _"]], rows: int) -> "Pieces":
        """Pieces of at most so many rows; a time belongs to the last that begins before it."""
        found = []
        for owner, record in enumerate(panel):
            starts = window_starts(len(record.ts), rows, rows)
            piece = np.searchsorted(record.ts[starts], wanted[owner], side="right") - 1
            for number in np.unique(piece):
                start = starts[number]
                places = np.flatnonzero(piece == number)
                places = places[np.argsort(wanted[owner][places], kind="stable")]
                first, part = record.ts[start], slice(start, start + rows)
                found.append((owner, record.ts[part] - first, record.ys[part], wanted[owner][places] - first, places))
        owners, ts, ys, times, places = zip(*found, strict=True)
        return cls(
            ts=_stacked(ts, "edge"),
            ys=_stacked(ys, "constant", constant_values=np.nan),
            lengths=np.array([len(each) for each in ts]),
            wanted=_stacked(times, "edge"),
            places=_stacked(places, "constant", constant_values=-1),
            owners=np.array(owners),
        )


def _stacked(arrays: tuple[np.ndarray, ...], mode: str, **options: float) -> np.ndarray:
    longest = max(len(array) for array in arrays)
    widths = [[(0, longest - len(array))] + [(0, 0)] * (array.ndim - 1) for array in arrays]
    padded = [np.pad(array, width, mode, **options) for array, width in zip(arrays, widths, strict=True)]  # pyright: ignore[reportCallIssue, reportArgumentType]
    return np.stack(padded)
