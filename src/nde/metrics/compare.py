"""All scores of generated series in one table."""

from typing import Any

import numpy as np

from nde.data.panel import TimeSeries
from nde.metrics._autocorrelation import autocorrelation, leverage, volatility_clustering
from nde.metrics._real_against_fake import real_against_fake
from nde.metrics._train_on_synthetic import train_on_synthetic
from nde.metrics.bootstrap import Bootstrap, groups_of
from nde.metrics.comparison import Comparison, Score, Statistic
from nde.metrics.estimate import Distance
from nde.metrics.marginal import marginal_distance
from nde.metrics.mmd import feature_mmd, signature_feature_mmd
from nde.metrics.pair import two_panels
from nde.metrics.tails import deviation, kurtosis, tail_index

_TIMES = 4
"""At which marginals are compared."""


def compare_series(
    real: Any, fake: Any, *, held: Any = None, classifier: Any = None, bootstrap: Bootstrap = Bootstrap()
) -> Comparison:
    """All that this floor measures of generated series, in one table.

    Args:
        real: A `nde.TimeSeries`, or arrays `(series, time, channels)`.
        fake: What was generated, likewise.
        held: Real series that test what is learned from generated ones; by default half of `real`, and then the other
            half is what it is compared with.
        classifier: As of `real_against_fake`.
        bootstrap: How intervals are found.

    Returns:
        Scores and statistics; it prints as Markdown.

    Raises:
        DataError: If panels have different channels, or too few series, or no times in common.

    Example:
        ```python
        import numpy as np
        from nde.metrics import Bootstrap, compare_series

        walks = np.random.default_rng(0).normal(size=(80, 20)).cumsum(axis=1)
        print(compare_series(walks[:40], walks[40:] * 1.3, bootstrap=Bootstrap(draws=100)))
        ```
    """
    first, second = two_panels(real, fake, least=10)
    train, test = _halves(first, bootstrap.seed) if held is None else (first, two_panels(first, held)[1])
    told = real_against_fake(first, second, classifier=classifier, bootstrap=bootstrap)
    scores = [Score("real against generated, accuracy", told.accuracy, 0.5)]
    if told.auc is not None:
        scores.append(Score("real against generated, area under the curve", told.auc, 0.5))
    for of in ("values", "absolute increments"):
        learned = train_on_synthetic(train, second, test, of=of, bootstrap=bootstrap)
        scores.append(Score(f"trained on generated, error ratio for {of}", learned.ratio, 1.0))
    scores.append(_scored("discrepancy of features", feature_mmd(first, second, bootstrap=bootstrap)))
    scores.append(_scored("discrepancy of signatures", signature_feature_mmd(first, second, bootstrap=bootstrap)))
    scores += _marginals(first, second, bootstrap)
    return Comparison(tuple(scores), tuple(_statistics(first, second, bootstrap)))


def _marginals(real: TimeSeries, fake: TimeSeries, bootstrap: Bootstrap) -> list[Score]:
    found = []
    at_times = marginal_distance(real, fake, at=_TIMES, bootstrap=bootstrap)
    for channel, name in enumerate(real.channels):
        for time in range(_TIMES):
            what = f"{name}, Wasserstein distance at {time + 1}/{_TIMES} of the time"
            found.append(_scored(what, at_times, (time, channel)))
    steps = marginal_distance(real, fake, of="increments", bootstrap=bootstrap)
    found += [
        _scored(f"{name}, Wasserstein distance of increments", steps, (channel,))
        for channel, name in enumerate(real.channels)
    ]
    return found


def _scored(name: str, distance: Distance, which: tuple[int, ...] = ()) -> Score:
    estimate = distance.estimate[which] if which else distance.estimate
    best, p_value = (float(np.asarray(part)[which]) for part in (distance.same, distance.p_value))
    return Score(name, estimate, best, p_value)


def _statistics(real: TimeSeries, fake: TimeSeries, bootstrap: Bootstrap) -> list[Statistic]:
    lags = max(1, min(10, int(real.lengths.max()) - 3, int(fake.lengths.max()) - 3))
    measures = {
        "deviation of increments": lambda panel: deviation(panel, bootstrap=bootstrap),
        "excess kurtosis of increments": lambda panel: kurtosis(panel, bootstrap=bootstrap),
        "tail index of increments": lambda panel: tail_index(panel, bootstrap=bootstrap),
        "autocorrelation of increments": lambda panel: autocorrelation(panel, 1, bootstrap=bootstrap)[0],
        f"clustering over {lags} lags": lambda panel: volatility_clustering(panel, lags, bootstrap=bootstrap),
        "leverage": lambda panel: leverage(panel, 1, bootstrap=bootstrap)[0],
    }
    found = []
    for what, measure in measures.items():
        of_real, of_fake = measure(real), measure(fake)
        found += [Statistic(f"{name}, {what}", of_real[i], of_fake[i]) for i, name in enumerate(real.channels)]
    return found


def _halves(panel: TimeSeries, seed: int) -> tuple[TimeSeries, TimeSeries]:
    """Series of one name stay together."""
    groups = groups_of(panel.ids)
    order = np.random.default_rng([seed, 4]).permutation(int(groups.max()) + 1)
    first = np.isin(groups, order[: (len(order) + 1) // 2])
    return panel[first], panel[~first]
