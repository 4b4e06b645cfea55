"""What a model with noise says of the future."""

import dataclasses

import numpy as np
from jaxtyping import Float

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles of a fan: the median, and the ends of the bands of 50 % and 90 %."""


@dataclasses.dataclass(frozen=True)
class Fan:
    """Quantiles of some quantities at times, and a few of the paths they were taken from.

    Attributes:
        ts: Times, of shape `(times,)`.
        quantiles: At the levels 5, 25, 50, 75 and 95 %, of shape `(5, times, columns)`; `nan` where nothing is said.
        paths: Of shape `(paths, times, columns)`; there may be none.

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
        """The fan of many paths, of which the first few are kept."""
        return cls(ts, np.quantile(paths, LEVELS, axis=0), paths[:keep])

    def at(self, rows: slice) -> "Fan":
        """The fan at some of its times."""
        return Fan(self.ts[rows], self.quantiles[:, rows], self.paths[:, rows])

    @property
    def median(self) -> Float[np.ndarray, "times columns"]:
        """The quantiles in the middle."""
        return self.quantiles[2]

    @property
    def bands(self) -> dict[str, tuple[Float[np.ndarray, "times columns"], Float[np.ndarray, "times columns"]]]:
        """The ends of the bands that hold 90 % and 50 %, by these names, the wide one first."""
        q = self.quantiles
        return {"90 %": (q[0], q[4]), "50 %": (q[1], q[3])}
