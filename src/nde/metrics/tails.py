"""How wide and how heavy-tailed the numbers of a panel are."""

from typing import Any

import numpy as np
from jaxtyping import Float

from nde.metrics.bootstrap import Bootstrap, Weights
from nde.metrics.estimate import Estimate
from nde.metrics.pair import one_panel
from nde.metrics.rows import measured, moments, ratio, totals, weighed

_SIGN = {"upper": 1.0, "lower": -1.0}


def deviation(panel: Any, *, of: str = "increments", bootstrap: Bootstrap = Bootstrap()) -> Estimate:
    """The standard deviation over all rows of all series.

    Args:
        panel: A `nde.TimeSeries`, or arrays `(series, time, channels)`.
        of: What is looked at: `"values"`, or `"increments"` between rows, per square root of time.
        bootstrap: How intervals are found.

    Returns:
        Of each channel.

    Raises:
        DataError: If it can be no panel.

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
    """The excess kurtosis over all rows of all series: 0 of a normal law, more of one with fat tails.

    It hangs on few rows, the more so the fatter the tails; `tail_index` is steadier.

    Args:
        panel: A `nde.TimeSeries`, or arrays `(series, time, channels)`.
        of: What is looked at: `"values"`, or `"increments"` between rows, per square root of time.
        bootstrap: How intervals are found.

    Returns:
        Of each channel; `nan` of one that does not vary.

    Raises:
        DataError: If it can be no panel.

    Example:
        ```python
        import numpy as np
        from nde.metrics import kurtosis

        print(kurtosis(np.random.default_rng(0).laplace(size=(200, 50)).cumsum(axis=1)))  # of Laplace's law 3
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
    """Hill's estimator of the power `a` by which a tail falls, `P(|x| > s) ~ s^(-a)`: the less, the fatter.

    `1 / a` is the mean logarithm by which the largest numbers exceed the largest that is not among them. Of daily
    returns `a` is about 3; of a normal law it has no limit and grows as `share` becomes less.

    Args:
        panel: A `nde.TimeSeries`, or arrays `(series, time, channels)`.
        share: Which share of all rows is the tail.
        side: Of which sign they are; by default sizes are looked at.
        of: What is looked at: `"values"`, or `"increments"` between rows, per square root of time.
        bootstrap: How intervals are found.

    Returns:
        Of each channel.

    Raises:
        DataError: If it can be no panel.
        ValueError: If the share is none between 0 and 1, or there is no such side.

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
        raise ValueError(f"Got the share {share} for a tail; one between 0 and 1 is wanted, say 0.05.")
    if side not in {"both", *_SIGN}:
        raise ValueError(f"Got side={side!r}; 'both', 'upper' or 'lower' is wanted.")
    bare = one_panel(panel)
    x = measured(bare, of)
    sizes = np.abs(x) if side == "both" else _SIGN[side] * x
    channels = [sizes[..., channel] for channel in range(sizes.shape[-1])]

    def statistic(weights: Weights) -> Float[np.ndarray, "draws channels"]:
        return np.stack([_hill(channel, weights, share) for channel in channels], axis=-1)

    return bootstrap.estimate(statistic, bare.ids)


def _hill(sizes: Float[np.ndarray, "series length"], weights: Weights, share: float) -> Float[np.ndarray, " draws"]:
    """Hill's estimator where a row counts as often as its series."""
    wanted = share * weighed(weights, (~np.isnan(sizes)).sum(axis=1).astype(np.float64))
    owners, places = np.nonzero(np.nan_to_num(sizes) > 0)
    found = sizes[owners, places]
    order = np.argsort(-found)
    logs, rows = np.log(found[order]), weights[:, owners[order]]
    if not len(logs):
        return np.full(len(weights), np.nan)
    above = np.cumsum(rows, axis=1)
    # The last row if all that are large are fewer than the tail wants.
    end = np.where(above[:, -1] > wanted, np.argmax(above > wanted[:, None], axis=1), len(logs) - 1)
    before = np.arange(len(logs)) < end[:, None]
    excess = np.sum(rows * before * logs, axis=1) - np.sum(rows * before, axis=1) * logs[end]
    return ratio(wanted, excess)


def _centered(panel: Any, of: str) -> tuple[Float[np.ndarray, "series length channels"], tuple]:
    """Rows less their mean, which keeps the digits of their moments."""
    bare = one_panel(panel)
    x = measured(bare, of)
    counts = totals(np.where(np.isnan(x), np.nan, 1.0)).sum(axis=0)
    return x - totals(x).sum(axis=0) / np.maximum(counts, 1.0), bare.ids
