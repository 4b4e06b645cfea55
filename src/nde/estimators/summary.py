"""Summary features of series: what plain methods see of them."""

import numpy as np
from jaxtyping import Float

from nde.data.panel import TimeSeries

SUMMARIES = ("mean", "standard deviation", "minimum", "maximum", "first", "last", "slope", "count")
"""The features of a channel, in order."""


def summary_features(panel: TimeSeries) -> Float[np.ndarray, "series features"]:
    """Summarize each series by a vector of fixed length.

    The features are the static features; the time of the first row, the duration and the number of rows; and for each
    channel the mean, standard deviation, minimum, maximum, first and last value, the slope of the regression line over
    time, and the number of observations.

    Args:
        panel: The series.

    Returns:
        The features; `nan` where a series has no observation of a channel.
    """
    return np.stack([_features(series.ts, series.ys, series.static) for series in panel])


def _features(
    ts: Float[np.ndarray, " time"], ys: Float[np.ndarray, "time channels"], static: Float[np.ndarray, " features"]
) -> Float[np.ndarray, " all"]:
    rows = np.array([ts[0], ts[-1] - ts[0], float(len(ts))])
    return np.concatenate([static, rows, *(_channel_features(ts, values) for values in ys.T)])


def _channel_features(ts: Float[np.ndarray, " time"], values: Float[np.ndarray, " time"]) -> Float[np.ndarray, " 8"]:
    known = ~np.isnan(values)
    if not known.any():
        return np.array([*[np.nan] * (len(SUMMARIES) - 1), 0.0])
    times, seen = ts[known], values[known]
    centered = times - times.mean()
    spread = np.sum(centered**2)
    slope = np.sum(centered * seen) / spread if spread > 0 else np.nan
    return np.array([seen.mean(), seen.std(), seen.min(), seen.max(), seen[0], seen[-1], slope, float(len(seen))])
