"""The Lévy area of each pair of components, approximated given the increment and the space-time area.

The mean given both is exact. What is left is random: Davie gives it the right variance on average, Foster the right one
for each `H`.
"""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.core.random import Seed, child, normals
from nde.core.types import RealScalar
from nde.paths.brownian.increment import FosterLevyArea, LevyArea


def full_area(
    kind: LevyArea, h: RealScalar, W: Float[Array, " m"], H: Float[Array, " m"], seed: Seed
) -> Float[Array, "m m"]:
    """`A_ij = 1/2 ∫ (W_i dW_j - W_j dW_i)`, with random numbers that belong to the increment.

    Args:
        kind: `DavieLevyArea` or `FosterLevyArea`.
        h: The length of the interval, negative for one walked backward: then all signs are turned.
        W: The increment.
        H: The space-time area.
        seed: Of the path.
    """
    length = jnp.abs(jnp.asarray(h)).astype(W.dtype)
    own = child(seed, _word(jnp.abs(W[0])), _word(H[0]))
    lower = jnp.tril(normals(own, 0, 0, (W.size, W.size), W.dtype), -1)
    variance: Any = length**2 / 12
    if issubclass(kind, FosterLevyArea):
        variance = length**2 / 20 + length / 5 * (H[:, None] ** 2 + H[None, :] ** 2)
    return twist(H, W) + (lower - lower.T) * jnp.sqrt(variance) * jnp.where(jnp.asarray(h) < 0, -1.0, 1.0)


def twist(a: Float[Array, " m"], b: Float[Array, " m"]) -> Float[Array, "m m"]:
    """`a_i b_j - b_i a_j`."""
    return a[:, None] * b[None, :] - b[:, None] * a[None, :]


def _word(x: Float[Array, ""]) -> Array:
    """Bits of a random number, of which no two draws have the same."""
    bits = x.view({2: jnp.uint16, 4: jnp.uint32, 8: jnp.uint64}[x.dtype.itemsize])
    return bits.astype(jnp.uint32)
