"""Autocorrelation, volatility clustering and leverage."""

from typing import Any

import numpy as np
from jaxtyping import Float

from nde.data import DataError
from nde.data.plural import pluralize
from nde.metrics.bootstrap import Bootstrap, Weights
from nde.metrics.estimate import Estimate
from nde.metrics.pair import one_panel
from nde.metrics.rows import measured, moments, ratio, totals, weighed

_Rows = Float[np.ndarray, "series length channels"]


def autocorrelation(
    panel: Any, lags: int = 20, *, of: str = "increments", bootstrap: Bootstrap = Bootstrap()
) -> Estimate:
    """Autocorrelation at lags 1, 2, ... rows, pooled over all series around their common mean.

    The autocorrelation of absolute increments shows volatility clustering: it is zero for independent returns, and
    decays slowly for stock returns.

    Args:
        panel: A `nde.TimeSeries`, or an array of shape `(series, time, channels)`. Pairs with a missing value are left
            out.
        lags: The largest lag, in rows.
        of: The quantity: `"values"`; `"increments"` between rows, divided by the square root of the time between them;
            `"absolute increments"`; or `"squared increments"`.
        bootstrap: Bootstrap for the confidence intervals.

    Returns:
        The estimate, of shape `(lags, channels)`, with lag 1 first; `nan` for a constant channel.

    Raises:
        DataError: If the input is not a panel, or no series is long enough.
        ValueError: If `of` is unknown.

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
    """Volatility clustering as one number: the mean autocorrelation of absolute increments up to a lag.

    Args:
        panel: A `nde.TimeSeries`, or an array of shape `(series, time, channels)`. Pairs with a missing value are left
            out.
        lags: The largest lag, in rows.
        bootstrap: Bootstrap for the confidence intervals.

    Returns:
        The estimate, of shape `(channels,)`; `nan` for a constant channel.

    Raises:
        DataError: If the input is not a panel, or no series is long enough.

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
    """Leverage effect: the correlation of increments with squared increments 1, 2, ... rows later.

    It is negative if volatility rises after a fall.

    Args:
        panel: A `nde.TimeSeries`, or an array of shape `(series, time, channels)`. Pairs with a missing value are left
            out.
        lags: The largest lag, in rows.
        bootstrap: Bootstrap for the confidence intervals.

    Returns:
        The estimate, of shape `(lags, channels)`, with lag 1 first; `nan` for a constant channel.

    Raises:
        DataError: If the input is not a panel, or no series is long enough.

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
    """The correlation of `x` with later `y`, or its mean over lags."""
    if not 1 <= lags < x.shape[1]:
        raise DataError(
            f"lags must be at least 1 and less than the number of rows; got {pluralize(lags, 'lag')} for series of at "
            f"most {pluralize(x.shape[1], 'row')}."
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
    """The number of pairs without missing values, and the sums over them of `y`, `x` and their product."""
    both = np.where(np.isnan(x) | np.isnan(y), np.nan, 1.0)
    return [totals(both), totals(both * y), totals(both * x), totals(x * y)]


def _moments(
    weights: Weights, sums: list[Float[np.ndarray, "series channels"]]
) -> tuple[Float[np.ndarray, "draws channels"], Float[np.ndarray, "draws channels"]]:
    count, first, second = (weighed(weights, each) for each in sums)
    mean = ratio(first, count)
    return mean, ratio(second, count) - mean**2


def _centered(x: _Rows) -> _Rows:
    """Subtract the mean, to avoid cancellation in sums of squares."""
    known = ~np.isnan(x)
    return x - np.where(known, x, 0.0).sum(axis=(0, 1)) / np.maximum(known.sum(axis=(0, 1)), 1)
