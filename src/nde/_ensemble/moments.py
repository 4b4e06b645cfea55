"""Moments of chunks, merged.

A chunk's moments are taken on the device, of deviations from a centre near the mean, so that nothing cancels; chunks
and devices are merged on the host in double precision with exact counts.

Source: Chan, Golub and LeVeque, *Algorithms for computing the sample variance* (1983),
doi:10.1080/00031305.1983.10483115.
"""

import dataclasses
from collections.abc import Iterator

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from nde.core.count import divisor_of


class Frame(eqx.Module):
    """A point and a length for each number of a sample, in which deviations are counted.

    Attributes:
        centre: The median of the first paths.
        scale: Their spread, positive.
    """

    centre: Float[Array, " numbers"]
    scale: Float[Array, " numbers"]

    def deviations(self, rows: Float[Array, "paths numbers"]) -> Float[Array, "paths numbers"]:
        """The rows in it."""
        return (rows - self.centre[None]) / self.scale[None]

    @classmethod
    def of(cls, rows: Float[np.ndarray, "paths numbers"]) -> "Frame":
        """From the first paths: median and interquartile range, or what there is where that is zero."""
        low, centre, high = np.quantile(rows.astype(float), [0.25, 0.5, 0.75], axis=0)
        scale = (high - low) / 1.349
        for instead in (rows.astype(float).std(axis=0), np.abs(centre), np.ones_like(centre)):
            scale = np.where(scale > np.finfo(rows.dtype).tiny, scale, instead)
        return cls(jnp.asarray(centre, rows.dtype), jnp.asarray(scale, rows.dtype))


class PartialMoments(eqx.Module):
    """Moments of the rows of a chunk on one device, in a frame; outside it with a leading axis of devices.

    Attributes:
        count: Of rows.
        mean: Of deviations.
        squares: The sum of squares of the distances to this mean.
        minimum: Of the numbers themselves.
        maximum: Likewise.
    """

    count: Int[Array, "..."]
    mean: Float[Array, "..."]
    squares: Float[Array, "..."]
    minimum: Float[Array, "..."]
    maximum: Float[Array, "..."]

    @classmethod
    def of(
        cls,
        rows: Float[Array, "paths numbers"],
        deviations: Float[Array, "paths numbers"],
        counted: Bool[Array, " paths"],
    ) -> "PartialMoments":
        """Of the rows that count."""
        count, among = jnp.sum(counted), counted[:, None]
        mean = jnp.sum(jnp.where(among, deviations, 0), axis=0) / divisor_of(counted, rows.dtype)
        return cls(
            count=count,
            mean=mean,
            squares=jnp.sum(jnp.where(among, deviations - mean[None], 0) ** 2, axis=0),
            minimum=jnp.min(jnp.where(among, rows, jnp.inf), axis=0),
            maximum=jnp.max(jnp.where(among, rows, -jnp.inf), axis=0),
        )


@dataclasses.dataclass(frozen=True)
class Moments:
    """Moments in double precision, of as many rows as there may be.

    Attributes:
        count: Of rows.
        mean: Of each number.
        squares: The sum of squares of the distances to the mean.
        minimum: Of each number.
        maximum: Likewise.
    """

    count: int
    mean: Float[np.ndarray, " numbers"]
    squares: Float[np.ndarray, " numbers"]
    minimum: Float[np.ndarray, " numbers"]
    maximum: Float[np.ndarray, " numbers"]

    @classmethod
    def none(cls, numbers: int) -> "Moments":
        """Of no rows."""
        zero, far = np.zeros(numbers), np.full(numbers, np.inf)
        return cls(0, zero, zero, far, -far)

    @property
    def variance(self) -> Float[np.ndarray, " numbers"]:
        """The unbiased estimate; not a number for less than two rows."""
        return self.squares / (self.count - 1) if self.count > 1 else np.full_like(self.squares, np.nan)

    def merge(self, other: "Moments") -> "Moments":
        """Of both."""
        count = self.count + other.count
        if count == 0:
            return self
        apart, share = other.mean - self.mean, other.count / count
        return Moments(
            count=count,
            mean=self.mean + share * apart,
            squares=self.squares + other.squares + self.count * share * apart**2,
            minimum=np.minimum(self.minimum, other.minimum),
            maximum=np.maximum(self.maximum, other.maximum),
        )


def moments_of(part: PartialMoments, frame: Frame) -> Iterator[Moments]:
    """Those of each device."""
    centre, scale = np.asarray(frame.centre, float), np.asarray(frame.scale, float)
    for device, count in enumerate(np.asarray(part.count)):
        yield Moments(
            count=int(count),
            mean=centre + scale * np.asarray(part.mean[device], float),
            squares=scale**2 * np.asarray(part.squares[device], float),
            minimum=np.asarray(part.minimum[device], float),
            maximum=np.asarray(part.maximum[device], float),
        )
