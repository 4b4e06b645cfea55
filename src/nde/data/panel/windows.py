"""Long series in pieces."""

import numpy as np
from jaxtyping import Int

from nde.data.panel.time_series import TimeSeries


def windows(panel: TimeSeries, rows: int, apart: int) -> TimeSeries:
    """Series of at most so many rows, each with times since its first row and an observation.

    Static features and targets are left out.

    Args:
        panel: Series of any length; shorter ones stay whole.
        rows: Of a piece.
        apart: How many rows later the next piece begins; less than `rows` if they may overlap.
    """
    values, times = [], []
    for record in panel:
        for start in window_starts(len(record.ts), rows, apart):
            part = slice(start, start + rows)
            if not np.isnan(record.ys[part]).all():
                values.append(record.ys[part])
                times.append(record.ts[part] - record.ts[start])
    return TimeSeries.from_arrays(values, times, channels=panel.channels)


def window_starts(length: int, rows: int, apart: int) -> Int[np.ndarray, " windows"]:
    """Where windows of so many rows begin, so that they hold all rows; the last ends with the series."""
    last = max(0, length - rows)
    return np.unique(np.append(np.arange(0, last, apart), last))
