"""Confidence intervals by resampling series.

A statistic is a function of weights, one for each series: all ones for the data, counts for a resample, and ones and
zeros for a permutation. So each statistic is written once, for many rows of weights at a time.
"""

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from nde.metrics.estimate import Distance, Estimate, plain

Weights: TypeAlias = Float[np.ndarray, "draws series"]
"""The weight of each series in each of many draws."""

Statistic: TypeAlias = Callable[[Weights], Float[np.ndarray, "draws ..."]]
"""A statistic of one panel."""

PairStatistic: TypeAlias = Callable[[Weights, Weights], Float[np.ndarray, "draws ..."]]
"""A statistic of two panels."""

Ids: TypeAlias = Sequence[Hashable]

_BLOCK = 50
"""Draws computed at a time: some statistics store one number for each row of the panel and each draw."""


@dataclasses.dataclass(frozen=True)
class Bootstrap:
    """Percentile bootstrap over series, for confidence intervals and permutation tests.

    Series with the same id (`panel.ids`) are resampled together, so that windows cut from several stocks at the same
    date can count as one. Classifiers and regressors are not retrained on the resamples.

    Attributes:
        draws: Number of resamples, and of permutations for p-values.
        level: Confidence level of the intervals.
        seed: Seed of the resampling.

    Raises:
        ValueError: If there are fewer than two draws, or the level is not between 0 and 1.

    Source: Efron and Tibshirani, *An Introduction to the Bootstrap* (1993), doi:10.1201/9780429246593.

    Example:
        ```python
        import numpy as np
        from nde.metrics import Bootstrap, kurtosis

        walks = np.random.default_rng(0).normal(size=(200, 50)).cumsum(axis=1)
        print(kurtosis(walks, bootstrap=Bootstrap(draws=200, level=0.9)))
        ```
    """

    draws: int = 500
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        if self.draws < 2:
            raise ValueError(f"draws must be at least 2, and should be hundreds; got {self.draws}.")
        if not 0.0 < self.level < 1.0:
            raise ValueError(f"level must be between 0 and 1, for example 0.95; got {self.level}.")

    def estimate(self, statistic: Statistic, ids: Ids) -> Estimate:
        """Estimate a statistic of one panel, with a confidence interval.

        Args:
            statistic: A function from weights to values, with one row for each draw.
            ids: Ids of the series.

        Returns:
            The estimate.
        """
        value = statistic(np.ones((1, len(ids))))[0]
        return self._of(value, _in_blocks(statistic, self._resamples(ids, self._generator(0))))

    def estimate_of_two(self, statistic: PairStatistic, real: Ids, fake: Ids) -> Estimate:
        """Estimate a statistic of two panels, each resampled independently, with a confidence interval.

        Args:
            statistic: A function from the weights of both panels to values, with one row for each draw.
            real: Ids of the real series.
            fake: Ids of the generated series.

        Returns:
            The estimate.
        """
        value = statistic(np.ones((1, len(real))), np.ones((1, len(fake))))[0]
        weights, others = self._resamples(real, self._generator(0)), self._resamples(fake, self._generator(1))
        return self._of(value, _in_blocks(statistic, weights, others))

    def distance(self, statistic: PairStatistic, real: Ids, fake: Ids) -> Distance:
        """Estimate a distance between two panels, with a confidence interval and a permutation test.

        Resampling adds sampling noise, which increases any distance; the resampled distances are shifted so that their
        mean is the estimate. Permutations move series individually, including those with the same id.

        Args:
            statistic: A function of the weights of both panels, each over all series with the real ones first.
            real: Ids of the real series.
            fake: Ids of the generated series.

        Returns:
            The distance.
        """
        n, m = len(real), len(fake)
        first, none = np.arange(n + m) < n, np.zeros((self.draws, n + m))
        value = statistic(1.0 * first[None], 1.0 * ~first[None])[0]
        weights, others = none.copy(), none.copy()
        weights[:, :n] = self._resamples(real, self._generator(0))
        others[:, n:] = self._resamples(fake, self._generator(1))
        drawn = _in_blocks(statistic, weights, others)
        permutations = self._generator(2).permuted(np.tile(first, (self.draws, 1)), axis=1)
        permuted = _in_blocks(statistic, 1.0 * permutations, 1.0 * ~permutations)
        p_value = (1 + np.sum(permuted >= value, axis=0)) / (self.draws + 1)
        estimate = self._of(value, drawn + (value - np.mean(drawn, axis=0)))
        return Distance(estimate, plain(np.mean(permuted, axis=0)), plain(p_value))

    def _of(self, value: np.ndarray | np.generic, drawn: Float[np.ndarray, "draws ..."]) -> Estimate:
        low, high = np.quantile(drawn, [(1 - self.level) / 2, (1 + self.level) / 2], axis=0)
        return Estimate(plain(value), plain(low), plain(high), self.level)

    def _generator(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, purpose])

    def _resamples(self, ids: Ids, generator: np.random.Generator) -> Weights:
        groups = groups_of(ids)
        count = int(groups.max()) + 1
        return generator.multinomial(count, np.full(count, 1 / count), size=self.draws)[:, groups].astype(np.float64)


def _in_blocks(statistic: Callable[..., np.ndarray], *weights: Weights) -> Float[np.ndarray, "draws ..."]:
    blocks = range(0, len(weights[0]), _BLOCK)
    return np.concatenate([statistic(*(each[begin : begin + _BLOCK] for each in weights)) for begin in blocks])


def groups_of(ids: Ids) -> Int[np.ndarray, " series"]:
    """A group number for each id, in order of first appearance."""
    places: dict[Hashable, int] = {}
    return np.array([places.setdefault(name, len(places)) for name in ids], np.int64)
