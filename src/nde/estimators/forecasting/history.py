"""What a forecast starts from, and what it returns."""

import dataclasses
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

Values = Float[np.ndarray, " times"]
Times = Float[np.ndarray, " _"]


@dataclasses.dataclass(frozen=True)
class History:
    """One series up to the present.

    Attributes:
        ts: Times in units of the typical spacing, increasing.
        ys: Values; `nan` where there is none. At least one is known.
        period: The period of the season in typical spacings; `None` without a season.
    """

    ts: Float[np.ndarray, " rows"]
    ys: Float[np.ndarray, " rows"]
    period: float | None = None

    def until(self, row: int) -> "History":
        """The first rows."""
        return History(self.ts[:row], self.ys[:row], self.period)

    @property
    def positive(self) -> bool:
        """Whether all values are positive, so that they have logarithms."""
        return bool(np.nanmin(self.ys) > 0)

    @property
    def filled(self) -> Float[np.ndarray, " rows"]:
        """The values, with gaps filled by lines, and constant beyond the first and last value."""
        known = ~np.isnan(self.ys)
        return np.interp(self.ts, self.ts[known], self.ys[known])


@dataclasses.dataclass(frozen=True)
class Distribution:
    """The distributions of future values, each normal or log-normal.

    Attributes:
        center: The median, or its logarithm.
        deviation: The standard deviation, or that of the logarithm.
        transform: Whether these are of the values or of their logarithms.
    """

    center: Values
    deviation: Values
    transform: Literal["none", "log"] = "none"

    @property
    def median(self) -> Values:
        """The medians."""
        return self.quantile(0.5)

    def quantile(self, level: float) -> Values:
        """The quantiles of a level between 0 and 1."""
        return self.reach(float(ndtri(level)))

    def reach(self, deviations: float) -> Values:
        """The values so many standard deviations above the center, or below it."""
        at = self.center + deviations * self.deviation
        return np.exp(at) if self.transform == "log" else at

    def standardize(self, ys: Values) -> Values:
        """How many standard deviations values are from the center; `nan` for those without a logarithm."""
        if self.transform == "log":
            ys = np.log(np.where(ys > 0, ys, np.nan))
        return (ys - self.center) / self.deviation

    def widen(self, factor: float) -> "Distribution":
        """The distributions with other standard deviations."""
        return dataclasses.replace(self, deviation=factor * self.deviation)
