"""Summary features of series."""

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from nde.data import Normalization
from nde.data.panel import TimeSeries
from nde.metrics.pair import one_panel
from nde.metrics.rows import filled, measured, ratio, rows_of, totals
from nde.signatures import (
    logsignature_dimension,
    logsignature_of_increments,
    signature_dimension,
    signature_of_increments,
)

_MOST_NUMBERS = 80
"""The largest size of a signature, unless its depth is given."""
_DEEPEST = 4
_LAGS = 5
"""The number of lags in the autocorrelation of absolute increments."""


def series_features(
    panel: Any, *, depth: int | None = None, normalization: Normalization | None = None
) -> Float[np.ndarray, "series features"]:
    """Features of each series: its log-signature, and moments of its values and increments.

    The log-signature is that of the path with time as a channel, missing values filled by linear interpolation, and the
    starting point as the first increment. For each channel, the other features are the mean and standard deviation of
    values; the mean, standard deviation, skewness, kurtosis and largest absolute value of increments; their
    autocorrelation at lag 1; and the mean autocorrelation of absolute increments over lags 1 to 5. Padding does not
    change the features.

    Args:
        panel: A `nde.TimeSeries`, or an array of shape `(series, time, channels)`.
        depth: Depth of the log-signature; by default the greatest up to 4 with at most 80 coordinates.
        normalization: Normalization of channels and times to order one; by default fitted to this panel. To compare
            panels, use the same normalization for all of them.

    Returns:
        An array with one row for each series.

    Raises:
        DataError: If the input is not a panel, or the normalization is for other channels.

    Example:
        ```python
        import numpy as np
        from nde.metrics import series_features

        print(series_features(np.random.default_rng(0).normal(size=(10, 50, 2)).cumsum(axis=1)).shape)
        ```
    """
    bare = normalized(one_panel(panel), normalization)
    size = len(bare.channels) + 1
    depth = depth or _deepest(size, logsignature_dimension)
    logs = np.asarray(logsignature_of_increments(_steps(bare), depth), np.float64)
    return np.concatenate([logs, *_moments(bare)], axis=1)


def signature_features(
    panel: Any, *, depth: int | None = None, normalization: Normalization | None = None
) -> Float[np.ndarray, "series features"]:
    """Truncated signature of each series, with time as a channel and the starting point as the first increment.

    The expected signature determines the distribution of a path; its first levels determine much of it.

    Args:
        panel: A `nde.TimeSeries`, or an array of shape `(series, time, channels)`. Missing values are filled by linear
            interpolation.
        depth: Depth of the signature; by default the greatest up to 4 with at most 80 terms.
        normalization: As for `series_features`.

    Returns:
        An array with one row for each series: the levels, concatenated, with level k multiplied by k! so that no level
        is small.

    Raises:
        DataError: If the input is not a panel, or the normalization is for other channels.

    Source: Chevyrev and Oberhauser, *Signature moments to characterize laws of stochastic processes* (2022),
    doi:10.48550/arXiv.1810.10971.

    Example:
        ```python
        import numpy as np
        from nde.metrics import signature_features

        print(signature_features(np.random.default_rng(0).normal(size=(10, 50)).cumsum(axis=1), depth=3).shape)
        ```
    """
    bare = normalized(one_panel(panel), normalization)
    size = len(bare.channels) + 1
    depth = depth or _deepest(size, signature_dimension)
    scales = np.concatenate([np.full(size**level, float(math.factorial(level))) for level in range(1, depth + 1)])
    return np.asarray(signature_of_increments(_steps(bare), depth), np.float64) * scales


def normalized(panel: TimeSeries, normalization: Normalization | None) -> TimeSeries:
    """Apply the given normalization, or one fitted to the panel itself."""
    return (normalization or Normalization.fit(panel, times=True)).apply(panel)


def _deepest(size: int, dimension: Any) -> int:
    return max([2, *(depth for depth in range(2, _DEEPEST + 1) if dimension(size, depth) <= _MOST_NUMBERS)])


def _steps(panel: TimeSeries) -> Float[Any, "series length channels"]:
    """Increments of the path with time; the first leads from the origin to its start, and padding is constant."""
    ts, _ = rows_of(panel)
    since = np.where(np.isnan(ts), np.nanmax(ts, axis=1, keepdims=True), ts) - ts[:, :1]
    path = np.concatenate([since[..., None], filled(panel, "values")], axis=-1)
    return jnp.asarray(np.diff(path, axis=1, prepend=0.0), float)


def _moments(panel: TimeSeries) -> list[Float[np.ndarray, "series channels"]]:
    """Moments of values and increments, compressed to order one where they could be large."""
    _, ys = rows_of(panel)
    steps = measured(panel, "increments")
    mean, spread, *_ = _standardized_moments(ys)
    drift, volatility, skewness, kurtosis = _standardized_moments(steps)
    unit = (steps - drift[:, None]) / np.where(volatility > 0, volatility, 1.0)[:, None]
    largest = np.where(np.isnan(unit), 0.0, np.abs(unit)).max(axis=1, initial=0.0)
    sizes = np.abs(steps)
    clusters = np.mean([_autocorrelation(sizes, lag) for lag in range(1, _LAGS + 1)], axis=0)
    rows = [mean, spread, drift, np.log(volatility + 1e-6), np.cbrt(skewness), np.log1p(kurtosis), np.log1p(largest)]
    return [*rows, _autocorrelation(steps, 1), clusters]


def _standardized_moments(x: Float[np.ndarray, "series length channels"]) -> list[Float[np.ndarray, "series channels"]]:
    """Mean, standard deviation, skewness and kurtosis of each series; zeros if it is constant."""
    count = np.maximum((~np.isnan(x)).sum(axis=1), 1)
    mean = totals(x) / count
    away = x - mean[:, None]
    m2, m3, m4 = (totals(away**power) / count for power in (2, 3, 4))
    skewness, kurtosis = ratio(m3, m2**1.5), ratio(m4, m2**2)
    return [mean, np.sqrt(m2), np.nan_to_num(skewness), np.nan_to_num(kurtosis)]


def _autocorrelation(x: Float[np.ndarray, "series length channels"], lag: int) -> Float[np.ndarray, "series channels"]:
    """The autocorrelation of each series."""
    if x.shape[1] <= lag:
        return np.zeros((x.shape[0], x.shape[2]))
    away = x - (totals(x) / np.maximum((~np.isnan(x)).sum(axis=1), 1))[:, None]
    return np.nan_to_num(ratio(totals(away[:, :-lag] * away[:, lag:]), totals(away**2)))
