"""Splitting of long series into windows."""

import dataclasses

import numpy as np
from jaxtyping import Int

from nde.data.panel.time_series import TimeSeries


def windows(panel: TimeSeries, rows: int, stride: int) -> TimeSeries:
    """Split series into windows, with times counted from the first row of each window.

    Windows without an observation, static features and targets are left out.

    Args:
        panel: Series of any length; series of at most `rows` rows stay whole.
        rows: Number of rows of a window.
        stride: Number of rows between the starts of consecutive windows; less than `rows` for overlapping windows.
    """
    values, times = [], []
    for record in panel:
        for start in window_starts(len(record.ts), rows, stride):
            part = slice(start, start + rows)
            if not np.isnan(record.ys[part]).all():
                values.append(record.ys[part])
                times.append(record.ts[part] - record.ts[start])
    return TimeSeries.from_arrays(values, times, channels=panel.channels)


def last_rows(panel: TimeSeries, rows: int) -> TimeSeries:
    """Series without all but their last rows.

    Raises:
        DataError: If a series has no observation in these.
    """
    left = np.repeat(panel.starts + panel.lengths, panel.lengths) - np.arange(len(panel.ts))
    kept = left <= rows
    lengths = np.minimum(panel.lengths, rows)
    return dataclasses.replace(panel, ts=panel.ts[kept], ys=panel.ys[kept], lengths=lengths)


def window_starts(length: int, rows: int, stride: int) -> Int[np.ndarray, " windows"]:
    """The first rows of windows that cover a series; the last window ends with the series."""
    last = max(0, length - rows)
    return np.unique(np.append(np.arange(0, last, stride), last))
