"""The maximum mean discrepancy between the features of two panels."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.data import DataError, Normalization
from nde.data.panel import TimeSeries
from nde.metrics.bootstrap import Bootstrap, Weights
from nde.metrics.estimate import Distance
from nde.metrics.features import series_features, signature_features
from nde.metrics.pair import some_of, two_panels

_MOST = 1000
"""The largest number of series of each panel, because the kernel is evaluated for all pairs."""

_Features = Float[np.ndarray, "series features"]


def feature_mmd(
    real: Any,
    fake: Any,
    *,
    features: Callable[[TimeSeries], _Features] | None = None,
    bootstrap: Bootstrap = Bootstrap(),
) -> Distance:
    """Squared maximum mean discrepancy between the features of real and generated series, with a Gaussian kernel.

    The unbiased estimate of `E k(x, x') + E k(y, y') - 2 E k(x, y)`: its mean is zero if the distributions are equal,
    so it may be negative. Features are standardized over both panels, and the bandwidth is the median distance between
    series.

    Args:
        real: Real series: a `nde.TimeSeries`, or an array of shape `(series, time, channels)`.
        fake: Generated series, in the same form. Panels of more than 1000 series are subsampled.
        features: A function from a panel to an array with one row for each series; by default `series_features`.
        bootstrap: Bootstrap for the confidence interval and the permutation test.

    Returns:
        The discrepancy, with a p-value.

    Raises:
        DataError: If the channels differ, there are too few series, or the features are not finite.

    Source: Gretton, Borgwardt, Rasch, Schölkopf and Smola, *A kernel two-sample test*, Journal of Machine Learning
    Research 13 (2012), equation 3, https://jmlr.org/papers/v13/gretton12a.html.

    Example:
        ```python
        import numpy as np
        from nde.metrics import feature_mmd

        walks = np.random.default_rng(0).normal(size=(100, 30)).cumsum(axis=1)
        print(feature_mmd(walks[:50], walks[50:]))
        ```
    """
    first, second = two_panels(real, fake)
    first, second = (some_of(panel, _MOST, bootstrap.seed) for panel in (first, second))
    pooled = TimeSeries.concatenate([first, second])
    rows = series_features(pooled) if features is None else np.asarray(features(pooled), np.float64)
    if rows.ndim != 2 or len(rows) != len(pooled) or not np.isfinite(rows).all():
        raise DataError(
            f"features must return a row of finite numbers for each series; got shape {rows.shape} for {len(pooled)} "
            f"series, finite: {bool(np.isfinite(rows).all())}."
        )
    kernel = _kernel(rows)
    return bootstrap.distance(lambda a, b: _discrepancy(kernel, a, b), first.ids, second.ids)


def signature_feature_mmd(
    real: Any, fake: Any, *, depth: int | None = None, bootstrap: Bootstrap = Bootstrap()
) -> Distance:
    """Squared maximum mean discrepancy between truncated signatures, with a Gaussian kernel; see `feature_mmd`.

    Args:
        real: Real series: a `nde.TimeSeries`, or an array of shape `(series, time, channels)`.
        fake: Generated series, in the same form. Panels of more than 1000 series are subsampled.
        depth: Depth of the signature; by default the greatest up to 4 with at most 80 terms.
        bootstrap: Bootstrap for the confidence interval and the permutation test.

    Returns:
        The discrepancy, with a p-value.

    Raises:
        DataError: If the channels differ, or there are too few series.

    Source: As for `feature_mmd` and `signature_features`.

    Example:
        ```python
        import numpy as np
        from nde.metrics import signature_feature_mmd

        walks = np.random.default_rng(0).normal(size=(100, 30)).cumsum(axis=1)
        print(signature_feature_mmd(walks[:50], np.abs(walks[50:]), depth=2))
        ```
    """

    def features(pooled: TimeSeries) -> _Features:
        return signature_features(pooled, depth=depth, normalization=Normalization.fit(pooled, times=True))

    return feature_mmd(real, fake, features=features, bootstrap=bootstrap)


def _kernel(rows: _Features) -> Float[np.ndarray, "series series"]:
    """The kernel of all pairs, with zeros on the diagonal."""
    spread = rows.std(axis=0)
    standard = (rows - rows.mean(axis=0)) / np.where(spread > 1e-9 * np.abs(rows).max(axis=0), spread, np.inf)
    lengths = np.sum(standard**2, axis=1)
    squares = np.maximum(lengths[:, None] + lengths - 2.0 * standard @ standard.T, 0.0)
    width = float(np.median(squares[np.triu_indices(len(rows), 1)]))
    kernel = np.exp(-squares / (width or 1.0))
    np.fill_diagonal(kernel, 0.0)
    return kernel


def _discrepancy(kernel: Float[np.ndarray, "series series"], a: Weights, b: Weights) -> Float[np.ndarray, " draws"]:
    across = np.sum((a @ kernel) * b, axis=1) / (a.sum(axis=1) * b.sum(axis=1))
    return _within(kernel, a) + _within(kernel, b) - 2.0 * across


def _within(kernel: Float[np.ndarray, "series series"], weights: Weights) -> Float[np.ndarray, " draws"]:
    """The mean over pairs; copies of the same series are not paired."""
    pairs = weights.sum(axis=1) ** 2 - (weights**2).sum(axis=1)
    return np.sum((weights @ kernel) * weights, axis=1) / np.maximum(pairs, 1e-300)
