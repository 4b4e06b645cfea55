"""Choose how to forecast a series, by what each method forecast of its past."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from scipy.special import ndtri

from nde.data import DataError
from nde.estimators.forecasting.distribution import Average, Distribution
from nde.estimators.forecasting.rolling import Rolling

Found = Mapping[str, tuple[Rolling, Distribution]]
"""For each method, its forecasts of the past, and of the future."""
_TRUST = 3.0
"""The weight of the first method over that of another with the same error."""
CLEARLY = 0.7
"""The share of the mean's error below which the other method is used alone."""
_LEAST_WEIGHT = 0.1
_PRIOR_SCORES = 30.0
"""Scores of the past that the model's own intervals count as."""


@dataclasses.dataclass(frozen=True)
class Choice:
    """How a series is forecast: by a method, or by the weighted mean of two.

    Attributes:
        weights: The weight of each method that is used.
        rolling: What it forecast of the past.
        forecast: What it forecasts.
    """

    weights: dict[str, float]
    rolling: Rolling
    forecast: Distribution

    @property
    def name(self) -> str:
        """The methods, with their weights if there are two."""
        if len(self.weights) == 1:
            return next(iter(self.weights))
        return " and ".join(f"{name} ({weight:.0%})" for name, weight in self.weights.items())

    @property
    def factor(self) -> float:
        """By how much to widen intervals, so that they would have covered the past as often as they say."""
        scores = np.abs(self.rolling.scores)
        if not scores.size:
            return 1.0
        levels = np.array([0.5, 0.8, 0.95])
        ratios = np.log(np.maximum(np.quantile(scores, levels), 1e-3) / ndtri(0.5 + levels / 2))
        return float(np.exp(np.mean(ratios) * len(scores) / (len(scores) + _PRIOR_SCORES)))


def choose(found: Found) -> Choice:
    """The mean of the first method and the best other one, weighted by their errors on the past.

    The first has three times the weight of another with the same error; weights fall with the squared error. Another
    method that is clearly better is used alone.

    Raises:
        DataError: If no method gives a finite forecast.
    """
    errors = {name: rolling.rmse for name, (rolling, end) in found.items() if np.isfinite(end.median).all()}
    if not errors:
        raise DataError("No method gives a finite forecast. Check for outliers.")
    first, *others = errors
    best = min(others, key=lambda name: errors[name], default=first)
    if best == first or errors[first] == 0 or not np.isfinite(errors[best]):
        return average(found, {first: 1.0})
    if not np.isfinite(errors[first]) or errors[best] == 0:
        return average(found, {best: 1.0})
    odds = (errors[first] / errors[best]) ** 2 / _TRUST
    weight = odds / (1 + odds)
    weights = {first: 1 - weight, best: weight}
    both = average(found, {name: each for name, each in weights.items() if each > _LEAST_WEIGHT})
    return average(found, {best: 1.0}) if errors[best] < CLEARLY * both.rolling.rmse else both


def average(found: Found, weights: Mapping[str, float]) -> Choice:
    """The weighted mean of methods.

    Args:
        found: What the methods forecast.
        weights: The weight of each; those of methods that do not suit the series are left out.

    Raises:
        DataError: If none of the methods suits the series.
    """
    kept = {name: weight for name, weight in weights.items() if name in found}
    if not kept:
        raise DataError(f"None of the methods {', '.join(weights)} can forecast this series.")
    total = sum(kept.values())
    shares = {name: weight / total for name, weight in kept.items()}
    rollings = [found[name][0] for name in shares]
    pasts = zip(*(rolling.forecasts for rolling in rollings), strict=True)
    rolling = Rolling(tuple(_mean(each, shares) for each in pasts), rollings[0].came)
    return Choice(shares, rolling, _mean([found[name][1] for name in shares], shares))


def _mean(distributions: list[Distribution] | tuple[Distribution, ...], shares: Mapping[str, float]) -> Distribution:
    return distributions[0] if len(shares) == 1 else Average(tuple(distributions), tuple(shares.values()))
