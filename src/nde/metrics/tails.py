"""Standard deviation, kurtosis and tail index."""

from typing import Any

import numpy as np
from jaxtyping import Float

from nde.metrics.bootstrap import Bootstrap, Weights
from nde.metrics.estimate import Estimate
from nde.metrics.pair import one_panel
from nde.metrics.rows import measured, moments, ratio, totals, weighed

_SIGN = {"upper": 1.0, "lower": -1.0}


def deviation(panel: Any, *, of: str = "increments", bootstrap: Bootstrap = Bootstrap()) -> Estimate:
    """Standard deviation over all rows of all series.

    Args:
        panel: A `nde.TimeSeries`, or an array of shape `(series, time, channels)`.
        of: The quantity: `"values"`, or `"increments"` between rows, divided by the square root of the time between
            them.
        bootstrap: Bootstrap for the confidence intervals.

    Returns:
        The estimate, of shape `(channels,)`.

    Raises:
        DataError: If the input is not a panel.
        ValueError: If `of` is unknown.

    Example:
        ```python
        import numpy as np
        from nde.metrics import deviation

        print(deviation(np.random.default_rng(0).normal(0.0, 2.0, (100, 30)).cumsum(axis=1)))
        ```
    """
    x, ids = _centered(panel, of)
    sums = moments(x, 2)

    def statistic(weights: Weights) -> Float[np.ndarray, "draws channels"]:
        count, first, second = (weighed(weights, each) for each in sums)
        return np.sqrt(np.maximum(ratio(second, count) - ratio(first, count) ** 2, 0.0))

    return bootstrap.estimate(statistic, ids)


def kurtosis(panel: Any, *, of: str = "increments", bootstrap: Bootstrap = Bootstrap()) -> Estimate:
    """Excess kurtosis over all rows of all series: 0 for a normal distribution, larger for heavy tails.

    It depends on a few rows, the more so the heavier the tails; `tail_index` is more robust.

    Args:
        panel: A `nde.TimeSeries`, or an array of shape `(series, time, channels)`.
        of: The quantity: `"values"`, or `"increments"` between rows, divided by the square root of the time between
            them.
        bootstrap: Bootstrap for the confidence intervals.

    Returns:
        The estimate, of shape `(channels,)`; `nan` for a constant channel.

    Raises:
        DataError: If the input is not a panel.
        ValueError: If `of` is unknown.

    Example:
        ```python
        import numpy as np
        from nde.metrics import kurtosis

        print(kurtosis(np.random.default_rng(0).laplace(size=(200, 50)).cumsum(axis=1)))  # 3 for Laplace
        ```
    """
    x, ids = _centered(panel, of)
    sums = moments(x, 4)

    def statistic(weights: Weights) -> Float[np.ndarray, "draws channels"]:
        count, *others = (weighed(weights, each) for each in sums)
        m1, m2, m3, m4 = (ratio(each, count) for each in others)
        return ratio(m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4, (m2 - m1**2) ** 2) - 3.0

    return bootstrap.estimate(statistic, ids)


def tail_index(
    panel: Any,
    *,
    share: float = 0.05,
    side: str = "both",
    of: str = "increments",
    bootstrap: Bootstrap = Bootstrap(),
) -> Estimate:
    """Hill estimator of the tail index `a`, where `P(|x| > s) ~ s^(-a)`: smaller means heavier tails.

    `1 / a` is the mean log-ratio of the values in the tail to its threshold. Daily stock returns have `a` of about 3;
    for a normal distribution the estimate grows without bound as `share` decreases.

    Args:
        panel: A `nde.TimeSeries`, or an array of shape `(series, time, channels)`.
        share: The share of all rows in the tail, between 0 and 1.
        side: `"upper"` or `"lower"` for one tail; `"both"` for absolute values.
        of: The quantity: `"values"`, or `"increments"` between rows, divided by the square root of the time between
            them.
        bootstrap: Bootstrap for the confidence intervals.

    Returns:
        The estimate, of shape `(channels,)`.

    Raises:
        DataError: If the input is not a panel.
        ValueError: If `share` is not between 0 and 1, or `side` or `of` is unknown.

    Source: Hill, *A simple general approach to inference about the tail of a distribution* (1975),
    doi:10.1214/aos/1176343247.

    Example:
        ```python
        import numpy as np
        from nde.metrics import tail_index

        print(tail_index(np.random.default_rng(0).standard_t(3, (200, 50)).cumsum(axis=1), share=0.02))
        ```
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"share must be between 0 and 1, for example 0.05; got {share}.")
    if side not in {"both", *_SIGN}:
        raise ValueError(f"side must be 'both', 'upper' or 'lower'; got {side!r}.")
    bare = one_panel(panel)
    x = measured(bare, of)
    sizes = np.abs(x) if side == "both" else _SIGN[side] * x
    channels = [sizes[..., channel] for channel in range(sizes.shape[-1])]

    def statistic(weights: Weights) -> Float[np.ndarray, "draws channels"]:
        return np.stack([_hill(channel, weights, share) for channel in channels], axis=-1)

    return bootstrap.estimate(statistic, bare.ids)


def _hill(sizes: Float[np.ndarray, "series length"], weights: Weights, share: float) -> Float[np.ndarray, " draws"]:
    """The Hill estimator with each row weighted by its series."""
    tail = share * weighed(weights, (~np.isnan(sizes)).sum(axis=1).astype(np.float64))
    owners, places = np.nonzero(np.nan_to_num(sizes) > 0)
    found = sizes[owners, places]
    order = np.argsort(-found)
    logs, rows = np.log(found[order]), weights[:, owners[order]]
    if not len(logs):
        return np.full(len(weights), np.nan)
    above = np.cumsum(rows, axis=1)
    # The last row, if there are fewer positive values than the tail should contain.
    end = np.where(above[:, -1] > tail, np.argmax(above > tail[:, None], axis=1), len(logs) - 1)
    before = np.arange(len(logs)) < end[:, None]
    excess = np.sum(rows * before * logs, axis=1) - np.sum(rows * before, axis=1) * logs[end]
    return ratio(tail, excess)


def _centered(panel: Any, of: str) -> tuple[Float[np.ndarray, "series length channels"], tuple]:
    """Subtract the mean from all rows, to avoid cancellation in moments."""
    bare = one_panel(panel)
    x = measured(bare, of)
    counts = totals(np.where(np.isnan(x), np.nan, 1.0)).sum(axis=0)
    return x - totals(x).sum(axis=0) / np.maximum(counts, 1.0), bare.ids
