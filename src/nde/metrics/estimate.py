"""Estimates with confidence intervals."""

import dataclasses
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float

Numbers: TypeAlias = float | Float[np.ndarray, "..."]
"""A number, or an array of numbers."""


@dataclasses.dataclass(frozen=True, eq=False)
class Estimate:
    """Estimate of a number or an array, with a confidence interval for each entry.

    Attributes:
        value: The estimate.
        low: Lower ends of the intervals.
        high: Upper ends of the intervals.
        level: Confidence level.

    Example:
        ```python
        import numpy as np
        from nde.metrics import Estimate

        estimate = Estimate(np.array([0.5, 2.0]), np.array([0.4, 1.5]), np.array([0.6, 2.5]))
        print(estimate, estimate[1], estimate.covers(0.45))
        ```
    """

    value: Numbers
    low: Numbers
    high: Numbers
    level: float = 0.95

    def covers(self, truth: Numbers) -> bool | Bool[np.ndarray, "..."]:
        """Whether each interval contains the true value."""
        covered = (np.asarray(self.low) <= truth) & (truth <= np.asarray(self.high))
        return covered if covered.ndim else bool(covered)

    def __getitem__(self, which: int | slice | tuple[int | slice, ...]) -> "Estimate":
        """The estimate of some of the entries."""
        value, low, high = (plain(np.asarray(part)[which]) for part in (self.value, self.low, self.high))
        return Estimate(value, low, high, self.level)

    def __str__(self) -> str:
        parts = (np.atleast_1d(part).ravel() for part in (self.value, self.low, self.high))
        texts = [f"{value:.3g} [{low:.3g}, {high:.3g}]" for value, low, high in zip(*parts, strict=True)]
        return texts[0] if np.ndim(self.value) == 0 else f"({', '.join(texts)})"

    __repr__ = __str__


@dataclasses.dataclass(frozen=True, eq=False)
class Distance:
    """Distance between two distributions, with a confidence interval and a permutation test.

    Attributes:
        estimate: The distance.
        null_mean: The mean distance over random permutations of the series between the two panels: what to expect if
            the distributions were equal.
        p_value: The share of permutations, counting the observed one, whose distance is at least the estimate.

    Example:
        ```python
        import numpy as np
        from nde.metrics import feature_mmd

        walks = np.random.default_rng(0).normal(size=(60, 20)).cumsum(axis=1)
        distance = feature_mmd(walks[:30], walks[30:] * 1.5)
        print(distance, distance.p_value)
        ```
    """

    estimate: Estimate
    null_mean: Numbers
    p_value: Numbers

    @property
    def value(self) -> Numbers:
        """The estimated distance."""
        return self.estimate.value

    @property
    def low(self) -> Numbers:
        """Lower end of the confidence interval."""
        return self.estimate.low

    @property
    def high(self) -> Numbers:
        """Upper end of the confidence interval."""
        return self.estimate.high

    def __str__(self) -> str:
        if np.ndim(self.value) == 0:
            return f"{self.estimate} (null mean {self.null_mean:.3g}, p = {self.p_value:.3g})"
        return f"{self.estimate} (null mean {np.round(self.null_mean, 4)}, p = {np.round(self.p_value, 3)})"

    __repr__ = __str__


def plain(array: np.ndarray | np.generic) -> Numbers:
    """Convert an array without axes to a number."""
    return float(array) if np.ndim(array) == 0 else np.asarray(array, np.float64)
