"""What a forecast starts from."""

import dataclasses

import numpy as np
from jaxtyping import Float

Values = Float[np.ndarray, " times"]
Times = Float[np.ndarray, " _"]


@dataclasses.dataclass(frozen=True)
class History:
    """One series up to the present.

    Attributes:
        ts: Times in units of the typical spacing, increasing.
        ys: Values; `nan` where there is none. At least one is known.
        period: The period of the season in typical spacings; `None` without a season.
        certain: Whether the calendar or the user says that there is this season, and not the values alone.
    """

    ts: Float[np.ndarray, " rows"]
    ys: Float[np.ndarray, " rows"]
    period: float | None = None
    certain: bool = False

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
