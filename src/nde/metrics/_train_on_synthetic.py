"""Whether what is learned from generated series holds for real ones."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.base import clone
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nde.data.panel import TimeSeries
from nde.metrics.bootstrap import Bootstrap, Weights
from nde.metrics.estimate import Estimate
from nde.metrics.pair import two_panels
from nde.metrics.rows import filled

_MOST_POINTS = 64
"""Of a series, that a regression sees."""

_Table = Float[np.ndarray, "series _"]


@dataclasses.dataclass(frozen=True)
class Prediction:
    """How well the end of real series is predicted by what was learned from generated ones, and from real ones.

    Attributes:
        ratio: The error of the first as a multiple of the second's; 1 is best, or less.
        synthetic: The root mean squared error after training on generated series, in units of the deviation of what is
            to be predicted: 1 is no better than to say its mean.
        real: The same after training on real series.

    Example:
        See `train_on_synthetic`.
    """

    ratio: Estimate
    synthetic: Estimate
    real: Estimate

    def __str__(self) -> str:
        return f"error ratio {self.ratio} (trained on generated {self.synthetic}, on real {self.real})"


def train_on_synthetic(
    real_train: Any,
    fake: Any,
    real_test: Any,
    *,
    of: str = "values",
    share: float = 0.2,
    regressor: Any = None,
    bootstrap: Bootstrap = Bootstrap(),
) -> Prediction:
    """Trains on generated series and tests on real ones, beside training on real ones.

    What is to be predicted is the mean of the last part of a series; of values, how far it is from the last one seen.
    Of a random walk nothing can be predicted of its values; of returns that cluster it can be of
    `of="absolute increments"`.

    Args:
        real_train: A `nde.TimeSeries`, or arrays `(series, time, channels)`.
        fake: What was generated, likewise.
        real_test: Real series that neither saw.
        of: What is looked at: `"values"`, `"increments"`, `"absolute increments"` or `"squared increments"`.
        share: How much of each series is to be predicted.
        regressor: Any of scikit-learn's for several targets; by default ridge regression on standardized columns, with
            a penalty chosen by leaving one out.
        bootstrap: How intervals are found: over the real series that test.

    Returns:
        The ratio of both errors, and the errors.

    Raises:
        DataError: If panels have different channels or too few series.
        ValueError: If the share is none between 0 and 1.

    Source: Esteban, Hyland and Rätsch, *Real-valued (medical) time series generation with recurrent conditional GANs*
    (2017), doi:10.48550/arXiv.1706.02633.

    Example:
        ```python
        import numpy as np
        from nde.metrics import train_on_synthetic

        ts, phases = np.linspace(0.0, 6.0, 30), np.random.default_rng(0).uniform(0.0, 6.0, (90, 1))
        waves = np.sin(ts + phases)
        print(train_on_synthetic(waves[:30], waves[30:60], waves[60:]))
        ```
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"Got the share {share} of a series to predict; one between 0 and 1 is wanted, say 0.2.")
    train, synthetic = two_panels(real_train, fake)
    _, test = two_panels(train, real_test)
    points = int(np.clip(np.median(train.lengths) - (of != "values"), 3, _MOST_POINTS))
    seen = int(np.clip(round((1 - share) * points), 1, points - 1))
    x, y = _posed(test, of, points, seen)
    squares = []
    for panel in (synthetic, train):
        fitted: Any = clone(_ridge() if regressor is None else regressor)
        fitted.fit(*_posed(panel, of, points, seen))
        said = np.reshape(fitted.predict(x), y.shape)
        squares.append(np.sum(((said - y) / _spread(y)) ** 2, axis=1) / y.shape[1])
    by_synthetic, by_real = squares

    def error(each: Float[np.ndarray, " series"]) -> Any:
        return lambda weights: np.sqrt(_mean(weights, each))

    def ratio(weights: Weights) -> Float[np.ndarray, " draws"]:
        return np.sqrt(_mean(weights, by_synthetic) / np.maximum(_mean(weights, by_real), 1e-300))

    found = [bootstrap.estimate(statistic, test.ids) for statistic in (ratio, error(by_synthetic), error(by_real))]
    return Prediction(*found)


def _posed(panel: TimeSeries, of: str, points: int, seen: int) -> tuple[_Table, _Table]:
    """What is seen, and what is to be predicted."""
    x = filled(panel, of, points)
    before, after = x[:, :seen], x[:, seen:].mean(axis=1)
    return before.reshape(len(x), -1), after - before[:, -1] if of == "values" else after


def _ridge() -> Any:
    return make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 4, 15)))


def _spread(y: _Table) -> Float[np.ndarray, " columns"]:
    spread = y.std(axis=0)
    return np.where(spread > 0, spread, 1.0)


def _mean(weights: Weights, each: Float[np.ndarray, " series"]) -> Float[np.ndarray, " draws"]:
    return weights @ each / weights.sum(axis=1)
