"""All metrics of generated series in one table."""

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
"""The number of times at which marginals are compared."""


def compare_series(
    real: Any, fake: Any, *, holdout: Any = None, classifier: Any = None, bootstrap: Bootstrap = Bootstrap()
) -> Comparison:
    """Evaluate generated series with all metrics of `nde.metrics`, in one table.

    Args:
        real: Real series: a `nde.TimeSeries`, or an array of shape `(series, time, channels)`.
        fake: Generated series, in the same form.
        holdout: Real series for testing in `train_on_synthetic`. By default half of `real` is used for testing and the
            other half for training.
        classifier: As for `real_against_fake`.
        bootstrap: Bootstrap for the confidence intervals.

    Returns:
        Scores and statistics; prints as Markdown.

    Raises:
        DataError: If the channels differ, there are too few series, or the series have no times in common.

    Example:
        ```python
        import numpy as np
        from nde.metrics import Bootstrap, compare_series

        walks = np.random.default_rng(0).normal(size=(80, 20)).cumsum(axis=1)
        print(compare_series(walks[:40], walks[40:] * 1.3, bootstrap=Bootstrap(draws=100)))
        ```
    """
    first, second = two_panels(real, fake, least=10)
    train, test = _halves(first, bootstrap.seed) if holdout is None else (first, two_panels(first, holdout)[1])
    discrimination = real_against_fake(first, second, classifier=classifier, bootstrap=bootstrap)
    scores = [Score("real against generated, accuracy", discrimination.accuracy, 0.5)]
    if discrimination.auc is not None:
        scores.append(Score("real against generated, area under the curve", discrimination.auc, 0.5))
    for of in ("values", "absolute increments"):
        prediction = train_on_synthetic(train, second, test, of=of, bootstrap=bootstrap)
        scores.append(Score(f"trained on generated, error ratio for {of}", prediction.ratio, 1.0))
    scores.append(_score("discrepancy of features", feature_mmd(first, second, bootstrap=bootstrap)))
    scores.append(_score("discrepancy of signatures", signature_feature_mmd(first, second, bootstrap=bootstrap)))
    scores += _marginals(first, second, bootstrap)
    return Comparison(tuple(scores), tuple(_statistics(first, second, bootstrap)))


def _marginals(real: TimeSeries, fake: TimeSeries, bootstrap: Bootstrap) -> list[Score]:
    found = []
    at_times = marginal_distance(real, fake, at=_TIMES, bootstrap=bootstrap)
    for channel, name in enumerate(real.channels):
        for time in range(_TIMES):
            what = f"{name}, Wasserstein distance at {time + 1}/{_TIMES} of the time"
            found.append(_score(what, at_times, (time, channel)))
    steps = marginal_distance(real, fake, of="increments", bootstrap=bootstrap)
    found += [
        _score(f"{name}, Wasserstein distance of increments", steps, (channel,))
        for channel, name in enumerate(real.channels)
    ]
    return found


def _score(name: str, distance: Distance, which: tuple[int, ...] = ()) -> Score:
    estimate = distance.estimate[which] if which else distance.estimate
    best, p_value = (float(np.asarray(part)[which]) for part in (distance.null_mean, distance.p_value))
    return Score(name, estimate, best, p_value)


def _statistics(real: TimeSeries, fake: TimeSeries, bootstrap: Bootstrap) -> list[Statistic]:
    lags = max(1, min(10, int(real.lengths.max()) - 3, int(fake.lengths.max()) - 3))
    measures = {
        "standard deviation of increments": lambda panel: deviation(panel, bootstrap=bootstrap),
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
    """Split a panel in half at random; series with the same id stay together."""
    groups = groups_of(panel.ids)
    order = np.random.default_rng([seed, 4]).permutation(int(groups.max()) + 1)
    first = np.isin(groups, order[: (len(order) + 1) // 2])
    return panel[first], panel[~first]
