"""The distributions that forecasts are."""

import abc
import dataclasses
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri

from nde.estimators.forecasting.history import Values

_LEVELS = 50
"""Quantiles of which a score is the mean."""
_BISECTIONS = 40
_MOST = 8.0
"""Normal scores are at most so large."""


@dataclasses.dataclass(frozen=True)
class Distribution(abc.ABC):
    """The distributions of future values, one for each time.

    Attributes:
        width: By how much intervals are wider than the parts of the distribution say.
    """

    width: float = dataclasses.field(default=1.0, kw_only=True)

    @abc.abstractmethod
    def at(self, score: float | Values) -> Values:
        """The quantiles that a standard normal variable has at `score`, before they are widened."""

    @abc.abstractmethod
    def scores(self, ys: Values) -> Values:
        """The inverse of `at`."""

    @property
    def median(self) -> Values:
        """The medians."""
        return self.at(0.0)

    @property
    def deviation(self) -> Values:
        """Half the width of an interval that a normal distribution has within one standard deviation."""
        return (self.at(self.width) - self.at(-self.width)) / 2

    def quantile(self, level: float) -> Values:
        """The quantiles of a level between 0 and 1."""
        return self.at(self.width * float(ndtri(level)))

    def standardize(self, ys: Values) -> Values:
        """The normal scores of values: of a normal distribution, how many standard deviations from the center.

        They are `nan` where a value is, or has no logarithm but needs one.
        """
        return self.scores(ys) / self.width

    def widen(self, factor: float) -> "Distribution":
        """The distributions with wider intervals around the same medians."""
        return dataclasses.replace(self, width=factor * self.width)

    def crps(self, ys: Values) -> Values:
        """The continuous ranked probability scores of values: twice the mean of the pinball losses of all quantiles.

        Source: Gneiting and Raftery, *Strictly Proper Scoring Rules, Prediction, and Estimation* (2007),
        doi:10.1198/016214506000001437.
        """
        levels = (np.arange(_LEVELS) + 0.5) / _LEVELS
        quantiles = np.stack([self.quantile(level) for level in levels])
        return 2 * np.mean(((quantiles > ys) - levels[:, None]) * (quantiles - ys), axis=0)


@dataclasses.dataclass(frozen=True)
class Mixture(Distribution):
    """Mixtures of normal or log-normal distributions.

    Attributes:
        center: The medians of the parts, or their logarithms.
        spread: Their standard deviations, or those of the logarithms.
        weights: The weights of the parts, of sum one.
        transform: Whether these are of the values or of their logarithms.
    """

    center: Float[np.ndarray, "parts times"]
    spread: Float[np.ndarray, "parts times"]
    weights: Float[np.ndarray, " parts"]
    transform: Literal["none", "log"] = "none"

    def at(self, score: float | Values) -> Values:
        """The quantiles that a standard normal variable has at `score`."""
        each, level = self.center + score * self.spread, ndtr(score)
        found = (
            _root(lambda at: self._below(at) - level, each.min(axis=0), each.max(axis=0)) if len(each) > 1 else each[0]
        )
        return np.exp(found) if self.transform == "log" else found

    def scores(self, ys: Values) -> Values:
        """The inverse of `at`."""
        if self.transform == "log":
            ys = np.log(np.where(ys > 0, ys, np.nan))
        if len(self.weights) == 1:
            return (ys - self.center[0]) / self.spread[0]
        return np.clip(ndtri(self._below(ys)), -_MOST, _MOST)

    def _below(self, at: Values) -> Values:
        """The probabilities to be below values, or logarithms."""
        return self.weights @ ndtr((at - self.center) / self.spread)


def normal(center: Values, spread: float | Values, transform: Literal["none", "log"] = "none") -> Mixture:
    """Normal distributions, or log-normal ones."""
    return Mixture(center[None], np.broadcast_to(spread, center.shape)[None].copy(), np.ones(1), transform)


@dataclasses.dataclass(frozen=True)
class Average(Distribution):
    """Distributions whose quantiles are weighted means of those of others.

    Attributes:
        parts: The others.
        weights: Their weights, of sum one.
    """

    parts: Sequence[Distribution]
    weights: Sequence[float]

    def at(self, score: float | Values) -> Values:
        """The quantiles that a standard normal variable has at `score`."""
        return sum(
            (weight * part.at(part.width * score) for part, weight in zip(self.parts, self.weights, strict=True)),
            start=np.zeros(()),
        )

    def scores(self, ys: Values) -> Values:
        """The inverse of `at`."""
        found = _root(lambda score: self.at(score) - ys, np.full(ys.shape, -_MOST), np.full(ys.shape, _MOST))
        return np.where(np.isnan(ys), np.nan, found)


def _root(of: Callable[[Values], Values], low: Values, high: Values) -> Values:
    """Where increasing functions are zero, by bisection."""
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        below = of(middle) < 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2
