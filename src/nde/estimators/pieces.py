"""Where in long series something is wanted."""

import dataclasses

import numpy as np
from jaxtyping import Float, Int

from nde.data.panel import TimeSeries
from nde.data.panel.windows import window_starts


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
