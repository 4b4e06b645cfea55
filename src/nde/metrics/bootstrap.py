"""Intervals by resampling series: the one home of it.

A statistic is a function of weights, one for each series: ones are the data, how often each was drawn is a resample of
them, and ones and zeros are a deal. So it is written once, for many rows of weights at a time.
"""

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from nde.metrics.estimate import Distance, Estimate, plain

Weights: TypeAlias = Float[np.ndarray, "draws series"]
"""How often each series counts, in each of many draws."""

Statistic: TypeAlias = Callable[[Weights], Float[np.ndarray, "draws ..."]]
"""Of one panel."""

Comparing: TypeAlias = Callable[[Weights, Weights], Float[np.ndarray, "draws ..."]]
"""Of two panels."""

Ids: TypeAlias = Sequence[Hashable]

_BLOCK = 50
"""Draws at a time: a statistic of all rows keeps a number for each of them and each draw."""


@dataclasses.dataclass(frozen=True)
class Bootstrap:
    """How intervals are found: series are drawn again, with replacement, and the interval holds most of what comes out.

    Series of the same name (`panel.ids`) are drawn together: so windows that were cut at one date from several stocks
    count as one. Nothing is said of what a classifier or a regression would have learned from other series.

    Attributes:
        draws: How many resamples, and how many deals for a p-value.
        level: How much of them the interval holds.
        seed: Of the draws.

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
            raise ValueError(f"Got {self.draws} draws for a bootstrap; hundreds are wanted, two at least.")
        if not 0.0 < self.level < 1.0:
            raise ValueError(f"Got the level {self.level} for an interval; one between 0 and 1 is wanted, say 0.95.")

    def estimate(self, statistic: Statistic, ids: Ids) -> Estimate:
        """A statistic of one panel, and its interval.

        Args:
            statistic: From weights to values, a row for each draw.
            ids: What the series are called.
        """
        value = statistic(np.ones((1, len(ids))))[0]
        return self._of(value, _in_blocks(statistic, self._resamples(ids, self._generator(0))))

    def estimate_of_two(self, statistic: Comparing, real: Ids, fake: Ids) -> Estimate:
        """A statistic of two panels, each resampled by itself, and its interval.

        Args:
            statistic: From weights of both to values, a row for each draw.
            real: What the series of the one are called.
            fake: What those of the other are called.
        """
        value = statistic(np.ones((1, len(real))), np.ones((1, len(fake))))[0]
        weights, others = self._resamples(real, self._generator(0)), self._resamples(fake, self._generator(1))
        return self._of(value, _in_blocks(statistic, weights, others))

    def distance(self, statistic: Comparing, real: Ids, fake: Ids) -> Distance:
        """A distance of two panels, its interval, and what series that are dealt at random would show.

        Resampling a sample roughens it once more, which enlarges any distance; the draws are moved so that their mean
        is the value. A deal takes series one by one, also those of one name.

        Args:
            statistic: From the weights of both panels over all series, those of the real one first.
            real: What the series of the one are called.
            fake: What those of the other are called.
        """
        n, m = len(real), len(fake)
        first, none = np.arange(n + m) < n, np.zeros((self.draws, n + m))
        value = statistic(1.0 * first[None], 1.0 * ~first[None])[0]
        weights, others = none.copy(), none.copy()
        weights[:, :n] = self._resamples(real, self._generator(0))
        others[:, n:] = self._resamples(fake, self._generator(1))
        drawn = _in_blocks(statistic, weights, others)
        deals = self._generator(2).permuted(np.tile(first, (self.draws, 1)), axis=1)
        dealt = _in_blocks(statistic, 1.0 * deals, 1.0 * ~deals)
        p_value = (1 + np.sum(dealt >= value, axis=0)) / (self.draws + 1)
        estimate = self._of(value, drawn + (value - np.mean(drawn, axis=0)))
        return Distance(estimate, plain(np.mean(dealt, axis=0)), plain(p_value))

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
    """A number for each name, in the order in which they come first."""
    places: dict[Hashable, int] = {}
    return np.array([places.setdefault(name, len(places)) for name in ids], np.int64)
