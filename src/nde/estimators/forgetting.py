"""How soon a series has forgotten where it was."""

import numpy as np

from nde.data.panel import TimeSeries
from nde.metrics.rows import ratio, rows_of


def forgetting_time(panel: TimeSeries) -> float:
    """After how long a series differs from itself as much as from the mean of all: half of its variance is new.

    The least number of rows apart at which the mean square of increments, of all channels together and each in units of
    its variance, is one; and how long so many rows take in the mean. It is the longest series' length if there is none.

    Args:
        panel: The series.

    Returns:
        A time, in the unit of the panel's.
    """
    ts, ys = rows_of(panel)
    variances = np.nanvar(ys, axis=(0, 1))
    for apart in range(1, ts.shape[1]):
        squares = (ys[:, apart:] - ys[:, :-apart]) ** 2
        known = ~np.isnan(squares)
        means = ratio(np.where(known, squares, 0.0).sum(axis=(0, 1)), known.sum(axis=(0, 1)) * variances)
        if np.any(np.isfinite(means)) and np.nanmean(means) >= 1:
            return float(np.nanmean(ts[:, apart:] - ts[:, :-apart]))
    return float(np.nanmax(ts) - np.nanmin(ts))
