"""Train on synthetic, test on real (TSTR)."""

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
"""The largest number of points of a series that a regression uses."""

_Table = Float[np.ndarray, "series _"]


@dataclasses.dataclass(frozen=True)
class Prediction:
    """Result of `train_on_synthetic`: prediction errors on real series, after training on generated or real ones.

    Attributes:
        ratio: The error after training on generated series, as a multiple of that after training on real ones; 1 or
            less is best.
        synthetic: Root mean squared error after training on generated series, in standard deviations of the targets: 1
            is no better than predicting their mean.
        real: Root mean squared error after training on real series, in the same unit.

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
    """Train on synthetic, test on real (TSTR), compared with training on real series.

    The target is the mean over the last part of a series; for values, its difference from the last observed value. The
    values of a random walk are unpredictable; for returns with volatility clustering, use `of="absolute increments"`.

    Args:
        real_train: Real series for training: a `nde.TimeSeries`, or an array of shape `(series, time, channels)`.
        fake: Generated series, in the same form.
        real_test: Real series for testing, used in neither training.
        of: The quantity: `"values"`, `"increments"`, `"absolute increments"` or `"squared increments"`.
        share: The share of each series to predict, between 0 and 1.
        regressor: Any scikit-learn regressor for multiple targets; by default ridge regression on standardized
            features, with the penalty chosen by leave-one-out cross-validation.
        bootstrap: Bootstrap for the confidence intervals, over the series for testing.

    Returns:
        Both errors and their ratio.

    Raises:
        DataError: If the channels differ, or there are too few series.
        ValueError: If `share` is not between 0 and 1, or `of` is unknown.

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
        raise ValueError(f"share must be between 0 and 1, for example 0.2; got {share}.")
    train, synthetic = two_panels(real_train, fake)
    _, test = two_panels(train, real_test)
    points = int(np.clip(np.median(train.lengths) - (of != "values"), 3, _MOST_POINTS))
    seen = int(np.clip(round((1 - share) * points), 1, points - 1))
    x, y = _regression(test, of, points, seen)
    squares = []
    for panel in (synthetic, train):
        fitted: Any = clone(_ridge() if regressor is None else regressor)
        fitted.fit(*_regression(panel, of, points, seen))
        predicted = np.reshape(fitted.predict(x), y.shape)
        squares.append(np.sum(((predicted - y) / _spread(y)) ** 2, axis=1) / y.shape[1])
    by_synthetic, by_real = squares

    def error(each: Float[np.ndarray, " series"]) -> Any:
        return lambda weights: np.sqrt(_mean(weights, each))

    def ratio(weights: Weights) -> Float[np.ndarray, " draws"]:
        return np.sqrt(_mean(weights, by_synthetic) / np.maximum(_mean(weights, by_real), 1e-300))

    found = [bootstrap.estimate(statistic, test.ids) for statistic in (ratio, error(by_synthetic), error(by_real))]
    return Prediction(*found)


def _regression(panel: TimeSeries, of: str, points: int, seen: int) -> tuple[_Table, _Table]:
    """Inputs and targets of the regression."""
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
