"""Quantiles from counts in bins whose width grows with the distance from a centre.

The bins are equal intervals of `asinh((x - centre) / scale)`: as fine as the scale asks near the centre, and of a
relative width far from it. Counts of chunks and devices add up exactly, in any order.

Source: after DDSketch, with `asinh` for `log` so that bins near the centre are not needlessly small: Masson, Rim and
Lee, *DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees* (2019),
doi:10.14778/3352063.3352135.
"""

import dataclasses
import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

_REACH = 1e4
"""Scales from the centre to the outermost bins; what lies further out is counted there."""


@dataclasses.dataclass(frozen=True)
class Bins:
    """The bins of all numbers of a sample, in units of their frame.

    Attributes:
        half: How many on each side of the centre.
        width: Of a bin, in `asinh`.
    """

    half: int
    width: float

    @classmethod
    def within(cls, accuracy: float) -> "Bins":
        """So that two numbers of a bin are no further apart than `accuracy` times `hypot(scale, distance)`.

        Two numbers of a bin at `u` and `u + w` differ by at most `w cosh(u + w) <= w exp(w) cosh(u)` scales.
        """
        half = math.ceil(math.asinh(_REACH) / (accuracy * math.exp(-accuracy)))
        return cls(half, math.asinh(_REACH) / half)

    @property
    def number(self) -> int:
        """How many there are."""
        return 2 * self.half

    def add(
        self,
        counts: Int[Array, "numbers bins"],
        deviations: Float[Array, "paths numbers"],
        counted: Bool[Array, " paths"],
    ) -> Int[Array, "numbers bins"]:
        """The counts with those of further rows, of which only some count."""
        size = jnp.abs(deviations)
        asinh = jnp.sign(deviations) * jnp.log(size + jnp.sqrt(size * size + 1))
        place = jnp.clip(jnp.floor(asinh / self.width), -self.half, self.half - 1)
        bins = jnp.where(counted[:, None], place, 0).astype(jnp.int32) + self.half
        ones = jnp.broadcast_to(counted[:, None], bins.shape).astype(counts.dtype)
        return counts.at[jnp.arange(counts.shape[0]), bins].add(ones)

    def quantiles(
        self,
        counts: Int[np.ndarray, " bins"],
        probabilities: Float[np.ndarray, " probabilities"],
        least: float,
        most: float,
    ) -> Float[np.ndarray, " probabilities"]:
        """The quantiles of one number, in units of its frame; between ranks linear, as those of NumPy.

        Args:
            counts: Of each bin; not all zero.
            probabilities: Between 0 and 1.
            least: The smallest deviation.
            most: The largest.
        """
        below = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        edges = np.arange(-self.half, self.half + 1) * self.width
        edges[0], edges[-1] = -np.inf, np.inf
        edges = np.clip(edges, np.arcsinh(least), np.arcsinh(most))
        rank = probabilities * (below[-1] - 1)
        low, high = (_at(side, below, edges) for side in (np.floor(rank), np.ceil(rank)))
        return low + (rank - np.floor(rank)) * (high - low)


def _at(rank: np.ndarray, below: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The number of each rank: the first and the last are known, those of a bin lie evenly in it."""
    place = np.searchsorted(below, rank, side="right") - 1
    share = (rank - below[place] + 0.5) / (below[place + 1] - below[place])
    share = np.where(rank == 0, 0, np.where(rank == below[-1] - 1, 1, share))
    return np.sinh(edges[place] + share * (edges[place + 1] - edges[place]))
