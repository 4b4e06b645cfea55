"""Fan charts: forecasts as quantiles."""

import dataclasses

import numpy as np
from jaxtyping import Float

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantile levels of a fan: the median, and the ends of the 50% and 90% bands."""


@dataclasses.dataclass(frozen=True)
class Fan:
    """Probabilistic forecast: quantiles over time, and a few of the sample paths they were computed from.

    Attributes:
        ts: Times, of shape `(times,)`.
        quantiles: Quantiles at the levels 5, 25, 50, 75 and 95%, of shape `(5, times, columns)`; `nan` where there is
            no forecast.
        paths: Sample paths, of shape `(paths, times, columns)`; there may be none.

    Example:
        ```python
        import numpy as np
        from nde.data import Fan

        walks = np.random.default_rng(0).normal(size=(1000, 20, 1)).cumsum(axis=1)
        print(Fan.of(np.arange(20.0), walks).median[:3])
        ```
    """

    ts: Float[np.ndarray, " times"]
    quantiles: Float[np.ndarray, "levels times columns"]
    paths: Float[np.ndarray, "paths times columns"]

    @classmethod
    def of(
        cls, ts: Float[np.ndarray, " times"], paths: Float[np.ndarray, "paths times columns"], keep: int = 3
    ) -> "Fan":
        """Create a fan from sample paths, and keep the first `keep` of them."""
        return cls(ts, np.quantile(paths, LEVELS, axis=0), paths[:keep])

    def at(self, rows: slice) -> "Fan":
        """Select some of the times."""
        return Fan(self.ts[rows], self.quantiles[:, rows], self.paths[:, rows])

    @property
    def median(self) -> Float[np.ndarray, "times columns"]:
        """The median, of shape `(times, columns)`."""
        return self.quantiles[2]

    @property
    def bands(self) -> dict[str, tuple[Float[np.ndarray, "times columns"], Float[np.ndarray, "times columns"]]]:
        """Lower and upper ends of the bands `"90%"` and `"50%"`, in this order."""
        q = self.quantiles
        return {"90%": (q[0], q[4]), "50%": (q[1], q[3])}
