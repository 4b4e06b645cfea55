"""The decorrelation time of series."""

import numpy as np

from nde.data.panel import TimeSeries
from nde.metrics.rows import ratio, rows_of


def decorrelation_time(panel: TimeSeries) -> float:
    """The time after which the autocorrelation of series has fallen to one half.

    It is the mean duration of the smallest lag at which the mean squared increment, averaged over channels and in units
    of their variance, reaches one. If no lag reaches it, it is the duration of the whole panel.

    Args:
        panel: The series.

    Returns:
        The time, in the unit of the panel's times.
    """
    ts, ys = rows_of(panel)
    variances = np.nanvar(ys, axis=(0, 1))
    for lag in range(1, ts.shape[1]):
        squares = (ys[:, lag:] - ys[:, :-lag]) ** 2
        known = ~np.isnan(squares)
        means = ratio(np.where(known, squares, 0.0).sum(axis=(0, 1)), known.sum(axis=(0, 1)) * variances)
        if np.any(np.isfinite(means)) and np.nanmean(means) >= 1:
            return float(np.nanmean(ts[:, lag:] - ts[:, :-lag]))
    return float(np.nanmax(ts) - np.nanmin(ts))
