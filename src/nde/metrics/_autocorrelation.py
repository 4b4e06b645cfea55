"""How what comes later hangs on what was."""

from typing import Any

import numpy as np
from jaxtyping import Float

from nde.data import DataError
from nde.metrics.bootstrap import Bootstrap, Weights
from nde.metrics.estimate import Estimate
from nde.metrics.pair import one_panel
from nde.metrics.rows import measured, moments, ratio, totals, weighed

_Rows = Float[np.ndarray, "series length channels"]


def autocorrelation(
    panel: Any, lags: int = 20, *, of: str = "increments", bootstrap: Bootstrap = Bootstrap()
) -> Estimate:
    """The correlation of rows with those 1, 2, ... rows later, over all series, about their common mean.

    Of absolute increments it tells whether volatility clusters: of returns that are independent it is zero, of those of
    a stock it falls slowly.

    Args:
        panel: A `nde.TimeSeries`, or arrays `(series, time, channels)`. Gaps are left out, pair by pair.
        lags: Up to how many rows later.
        of: What is looked at: `"values"`, `"increments"` between rows, per square root of time, or
            `"absolute increments"` or `"squared increments"`.
        bootstrap: How intervals are found.

    Returns:
        Of shape `(lags, channels)`, lag 1 first; `nan` of a channel that does not vary.

    Raises:
        DataError: If it can be no panel, or no series is long enough.

    Example:
        ```python
        import numpy as np
        from nde.metrics import autocorrelation

        walks = np.random.default_rng(0).normal(size=(100, 50)).cumsum(axis=1)
        print(autocorrelation(walks, lags=2), autocorrelation(walks, lags=2, of="absolute increments"))
        ```
    """
    bare = one_panel(panel)
    x = measured(bare, of)
    return _correlation(x, x, lags, bare.ids, bootstrap)


def volatility_clustering(panel: Any, lags: int = 10, *, bootstrap: Bootstrap = Bootstrap()) -> Estimate:
    """The mean of the autocorrelations of absolute increments up to a lag: one number for how much volatility clusters.

    Args:
        panel: A `nde.TimeSeries`, or arrays `(series, time, channels)`. Gaps are left out, pair by pair.
        lags: Up to how many rows later.
        bootstrap: How intervals are found.

    Returns:
        Of each channel; `nan` of one that does not vary.

    Raises:
        DataError: If it can be no panel, or no series is long enough.

    Example:
        ```python
        import numpy as np
        from nde.metrics import volatility_clustering

        noise = np.random.default_rng(0).normal(size=(100, 50)) * np.repeat([1.0, 3.0], 50)[:, None]
        print(volatility_clustering(noise.cumsum(axis=1)))
        ```
    """
    bare = one_panel(panel)
    x = measured(bare, "absolute increments")
    return _correlation(x, x, lags, bare.ids, bootstrap, mean=True)


def leverage(panel: Any, lags: int = 10, *, bootstrap: Bootstrap = Bootstrap()) -> Estimate:
    """The correlation of increments with squared ones 1, 2, ... rows later: below zero if what falls becomes volatile.

    Args:
        panel: A `nde.TimeSeries`, or arrays `(series, time, channels)`. Gaps are left out, pair by pair.
        lags: Up to how many rows later.
        bootstrap: How intervals are found.

    Returns:
        Of shape `(lags, channels)`, lag 1 first; `nan` of a channel that does not vary.

    Raises:
        DataError: If it can be no panel, or no series is long enough.

    Source: Bouchaud, Matacz and Potters, *Leverage effect in financial markets* (2001),
    doi:10.1103/PhysRevLett.87.228701; the correlation is normalized here.

    Example:
        ```python
        import numpy as np
        from nde.metrics import leverage

        print(leverage(np.random.default_rng(0).normal(size=(100, 50)).cumsum(axis=1), lags=2))
        ```
    """
    bare = one_panel(panel)
    return _correlation(measured(bare, "increments"), measured(bare, "squared increments"), lags, bare.ids, bootstrap)


def _correlation(x: _Rows, y: _Rows, lags: int, ids: tuple, bootstrap: Bootstrap, *, mean: bool = False) -> Estimate:
    """That of `x` with `y` later, or its mean over lags."""
    if not 1 <= lags < x.shape[1]:
        raise DataError(
            f"Got {lags} lags for series of at most {x.shape[1]} rows to look at; at least one is wanted, and fewer "
            "than rows."
        )
    x, y = _centered(x), _centered(y)
    of_x, of_y = moments(x, 2), moments(y, 2)
    of_pairs = [_pairs(x[:, :-lag], y[:, lag:]) for lag in range(1, lags + 1)]

    def statistic(weights: Weights) -> Float[np.ndarray, "draws ..."]:
        mean_x, variance_x = _moments(weights, of_x)
        mean_y, variance_y = _moments(weights, of_y)
        scale = np.sqrt(np.maximum(variance_x * variance_y, 0.0))
        each = []
        for sums in of_pairs:
            count, ends, starts, products = (weighed(weights, part) for part in sums)
            covariance = products - mean_x * ends - mean_y * starts + mean_x * mean_y * count
            each.append(ratio(covariance, count * scale))
        found = np.stack(each, axis=1)
        return found.mean(axis=1) if mean else found

    return bootstrap.estimate(statistic, ids)


def _pairs(x: _Rows, y: _Rows) -> list[Float[np.ndarray, "series channels"]]:
    """How many pairs are known, and the sums over them of `y`, `x` and their product."""
    both = np.where(np.isnan(x) | np.isnan(y), np.nan, 1.0)
    return [totals(both), totals(both * y), totals(both * x), totals(x * y)]


def _moments(
    weights: Weights, sums: list[Float[np.ndarray, "series channels"]]
) -> tuple[Float[np.ndarray, "draws channels"], Float[np.ndarray, "draws channels"]]:
    count, first, second = (weighed(weights, each) for each in sums)
    mean = ratio(first, count)
    return mean, ratio(second, count) - mean**2


def _centered(x: _Rows) -> _Rows:
    """Less the mean, which keeps the digits of sums of squares."""
    known = ~np.isnan(x)
    return x - np.where(known, x, 0.0).sum(axis=(0, 1)) / np.maximum(known.sum(axis=(0, 1)), 1)
