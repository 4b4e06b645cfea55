"""How wide intervals must be to cover future values as often as they say."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtri, stdtrit

from nde.estimators.forecasting.history import Times
from nde.estimators.panels.cell import evenly

_PRIOR_SCORES = 5.0
"""Independent scores of the past that the typical width counts as."""
_TYPICAL = 1.4
"""By how much wider than a method's own intervals they typically must be, on tables of `experiments panels`."""
_WIDEST = 4.0
"""By how much intervals are widened at most: some series that hardly moved say little about the others."""
_KEPT_SCORES = 201
_LEAST_FREEDOM = 2.0
_PRIOR_GROWTH = 5.0
"""The sum of squared deviations of logarithms of steps that a growth of zero counts as."""
_FURTHER = 4.0
"""How many times further than in the past widths grow."""
_OUTLIER = 4.0
"""Standard deviations from which scores are cut when they are correlated."""


@dataclasses.dataclass(frozen=True)
class PastScores:
    """How many standard deviations values of the past were from their forecasts.

    Attributes:
        values: The scores.
        series: The series of each.
        points: The point that each was forecast from, counted from the end of the series.
        places: The place of each among the values forecast from its point.
        ahead: How far each was from the last value known, in typical spacings.
    """

    values: Float[np.ndarray, " scores"]
    series: Int[np.ndarray, " scores"]
    points: Int[np.ndarray, " scores"]
    places: Int[np.ndarray, " scores"]
    ahead: Float[np.ndarray, " scores"]

    @property
    def finite(self) -> "PastScores":
        """Those that are finite."""
        known = np.isfinite(self.values)
        return PastScores(*(getattr(self, field.name)[known] for field in dataclasses.fields(self)))

    @property
    def effective_count(self) -> float:
        r"""How many independent scores they count as.

        The mean square of `n` normal variables with correlations `rho` varies as that of
        `n² / sum(rho²)` independent ones. Scores of different series at the same point correlate, since what happens
        to one often happens to all; so do those of one series from the same point.

        Source: Satterthwaite, *An Approximate Distribution of Estimates of Variance Components* (1946),
        doi:10.2307/3002019.
        """
        scale = _OUTLIER * float(np.median(np.abs(self.values))) / float(ndtri(0.75)) if self.values.size else 0.0
        if not scale > 0:
            return float(len(self.values))
        cut = np.clip(self.values, -scale, scale)
        others = _excess(cut, self.points, self.places)
        return len(cut) / (others * _excess(cut, self.series, self.points))

    @property
    def growth(self) -> float:
        """The power of the distance by which scores grow, between 0 and 1: zero if forecasts know how they do."""
        far, known = np.log(_distance(self.ahead)), np.abs(self.values) > 0
        if not known.any():
            return 0.0
        far, sizes = far[known] - far[known].mean(), np.log(np.abs(self.values[known]))
        return float(np.clip(far @ sizes / (far @ far + _PRIOR_GROWTH), 0.0, 1.0))


@dataclasses.dataclass(frozen=True)
class Widths:
    """How many standard deviations intervals reach to either side, so that they would have covered the past.

    Attributes:
        scores: The sizes of scores of the past one typical spacing ahead; sorted, or some of them.
        count: How many independent scores they count as.
        growth: The power of the distance by which scores grow.
        furthest: The largest distance that widths grow to, in typical spacings.
    """

    scores: tuple[float, ...] = ()
    count: float = 0.0
    growth: float = 0.0
    furthest: float = 1.0

    @classmethod
    def of(cls, past: PastScores) -> "Widths":
        """The widths that some scores of the past ask for."""
        past = past.finite
        if not past.values.size:
            return cls()
        growth, far = past.growth, _distance(past.ahead)
        sizes = np.sort(np.abs(past.values) / far**growth)
        kept = sizes[evenly(_KEPT_SCORES, len(sizes))]
        return cls(tuple(kept.tolist()), past.effective_count, growth, _FURTHER * float(far.max()))

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Widths":
        """Read what `dataclasses.asdict` returned."""
        return cls(**{**saved, "scores": tuple(saved["scores"])})

    def at(self, level: float, ahead: Times) -> Times:
        """How many standard deviations an interval reaches to either side.

        The quantile of the scores is that of a t distribution where they are few, and is drawn to the typical width.

        Args:
            level: The share of values that the interval is to cover.
            ahead: How far the values are from the last one known, in typical spacings.
        """
        return self._near(level) * np.minimum(_distance(ahead), self.furthest) ** self.growth

    def _near(self, level: float) -> float:
        """The same one typical spacing ahead."""
        normal = float(ndtri(0.5 + level / 2))
        if not self.scores:
            return _TYPICAL * normal
        found = float(np.quantile(self.scores, min(1.0, level * (1 + 1 / self.count))))
        found = min(max(found, 1e-3), _WIDEST * normal)
        found *= float(stdtrit(max(self.count, _LEAST_FREEDOM), 0.5 + level / 2)) / normal
        share = self.count / (self.count + _PRIOR_SCORES)
        return float(np.exp(share * np.log(found) + (1 - share) * np.log(_TYPICAL * normal)))


def _distance(ahead: Times) -> Times:
    """Distances of at least one typical spacing."""
    return np.maximum(ahead, 1.0)


def _excess(
    values: Float[np.ndarray, " scores"], first: Int[np.ndarray, " scores"], second: Int[np.ndarray, " scores"]
) -> float:
    """By how much the mean square of values varies more, since those of the same group correlate.

    Args:
        values: The values.
        first: One number of the group of each.
        second: The other number.
    """
    _, groups = np.unique(np.stack([first, second]), axis=1, return_inverse=True)
    groups = groups.ravel()
    sizes = np.bincount(groups)
    pairs = float(np.sum(sizes * (sizes - 1)))
    if pairs == 0:
        return 1.0
    products = float(np.sum(np.bincount(groups, values) ** 2) - np.sum(values**2)) / pairs
    correlation = min(max(products / float(np.mean(values**2)), 0.0), 1.0)
    return 1 + pairs / len(values) * correlation**2
