"""What a forecast starts from."""

import dataclasses

import numpy as np
from jaxtyping import Float

Values = Float[np.ndarray, " times"]
Times = Float[np.ndarray, " _"]


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Inputs that are known in advance.

    Attributes:
        ts: Times in units of the typical spacing, increasing, past and future.
        values: Values at these times, of about zero mean and unit variance.
    """

    ts: Values
    values: Float[np.ndarray, "times inputs"]

    def at(self, ts: Times) -> Float[np.ndarray, "_ inputs"]:
        """The values at some of the times."""
        return self.values[np.searchsorted(self.ts, ts - 1e-9)]


@dataclasses.dataclass(frozen=True)
class History:
    """One series up to the present.

    Attributes:
        ts: Times in units of the typical spacing, increasing.
        ys: Values; `nan` where there is none. At least one is known.
        period: The period of the season in typical spacings; `None` without a season.
        longer: The period of a longer season that this one is part of; `None` without one.
        certain: Whether the calendar or the user says that there is this season, and not the values alone.
        inputs: Inputs that are known in advance; `None` without any.
    """

    ts: Float[np.ndarray, " rows"]
    ys: Float[np.ndarray, " rows"]
    period: float | None = None
    longer: float | None = None
    certain: bool = False
    inputs: Inputs | None = None

    def until(self, row: int) -> "History":
        """The first rows."""
        return dataclasses.replace(self, ts=self.ts[:row], ys=self.ys[:row])

    @property
    def positive(self) -> bool:
        """Whether all values are positive, so that they have logarithms."""
        return bool(np.nanmin(self.ys) > 0)

    @property
    def filled(self) -> Float[np.ndarray, " rows"]:
        """The values, with gaps filled by lines, and constant beyond the first and last value."""
        known = ~np.isnan(self.ys)
        return np.interp(self.ts, self.ts[known], self.ys[known])
