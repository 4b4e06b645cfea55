"""A number, or an array of them, and how sure it is."""

import dataclasses
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float

Numbers: TypeAlias = float | Float[np.ndarray, "..."]
"""One number or an array of them."""


@dataclasses.dataclass(frozen=True, eq=False)
class Estimate:
    """A number, or an array of them, with an interval for each.

    Attributes:
        value: What was found.
        low: Where the interval begins.
        high: Where it ends.
        level: How much it is to hold, 0.95 say.

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
        """Whether the interval holds a number; of each, if there are several."""
        held = (np.asarray(self.low) <= truth) & (truth <= np.asarray(self.high))
        return held if held.ndim else bool(held)

    def __getitem__(self, which: int | slice | tuple[int | slice, ...]) -> "Estimate":
        """Some of the numbers."""
        value, low, high = (plain(np.asarray(part)[which]) for part in (self.value, self.low, self.high))
        return Estimate(value, low, high, self.level)

    def __str__(self) -> str:
        parts = (np.atleast_1d(part).ravel() for part in (self.value, self.low, self.high))
        told = [f"{value:.3g} [{low:.3g}, {high:.3g}]" for value, low, high in zip(*parts, strict=True)]
        return told[0] if np.ndim(self.value) == 0 else f"({', '.join(told)})"

    __repr__ = __str__


@dataclasses.dataclass(frozen=True, eq=False)
class Distance:
    """How far two laws are from each other, beside what series of one law would show.

    Attributes:
        estimate: The distance.
        same: What it is on average if the series are dealt to the two panels at random: of one law it would be near.
        p_value: The share of such deals, the one that was found among them, that are as far from each other or farther.

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
    same: Numbers
    p_value: Numbers

    @property
    def value(self) -> Numbers:
        """The distance itself."""
        return self.estimate.value

    @property
    def low(self) -> Numbers:
        """Where its interval begins."""
        return self.estimate.low

    @property
    def high(self) -> Numbers:
        """Where it ends."""
        return self.estimate.high

    def __str__(self) -> str:
        if np.ndim(self.value) == 0:
            return f"{self.estimate} (of one law {self.same:.3g}, p = {self.p_value:.3g})"
        return f"{self.estimate} (of one law {np.round(self.same, 4)}, p = {np.round(self.p_value, 3)})"

    __repr__ = __str__


def plain(array: np.ndarray | np.generic) -> Numbers:
    """A number for an array without axes."""
    return float(array) if np.ndim(array) == 0 else np.asarray(array, np.float64)
