"""Elements of the truncated tensor algebra as tuples of levels.

Level `k` is an array with `k` axes, one for each letter of a word, each as long as the number of channels. Level 0 is
known (1 for signatures, 0 for their logarithms) and is not stored.
"""

from typing import TypeAlias

import jax.numpy as jnp
from jaxtyping import Array, Float

Levels: TypeAlias = tuple[Float[Array, "..."], ...]


def split(flat: Float[Array, " numbers"], channels: int, depth: int) -> Levels:
    """Split a flat array into levels: words of one letter, of two, and so on, each in lexicographic order."""
    ends = [sum(channels**j for j in range(1, k + 1)) for k in range(1, depth)]
    return tuple(level.reshape((channels,) * k) for k, level in enumerate(jnp.split(flat, ends), start=1))


def join(levels: Levels) -> Float[Array, " numbers"]:
    """Concatenate levels into one flat array."""
    return jnp.concatenate([level.reshape(-1) for level in levels])


def outer(a: Float[Array, "..."], b: Float[Array, "..."]) -> Float[Array, "..."]:
    """The tensor product of one level with another."""
    return a.reshape(a.shape + (1,) * b.ndim) * b.reshape((1,) * a.ndim + b.shape)


def multiply(a: Levels, b: Levels) -> Levels:
    """The product of two elements that are zero at level 0; it is also zero at level 1."""
    return (jnp.zeros_like(a[0] * b[0]), *(_level(a, b, k) for k in range(2, len(a) + 1)))


def chain(a: Levels, b: Levels) -> Levels:
    """The product of two elements that are one at level 0, as the product is: Chen's identity for signatures."""
    return tuple(x + y + xy for x, y, xy in zip(a, b, multiply(a, b), strict=True))


def exponential(a: Levels) -> Levels:
    """`a + a^2 / 2 + a^3 / 6 + ...` by Horner's rule, for an element that is zero at level 0."""
    total = a
    for n in range(len(a), 1, -1):
        total = tuple(x + y / n for x, y in zip(a, multiply(a, total), strict=True))
    return total


def logarithm(a: Levels) -> Levels:
    """`a - a^2 / 2 + a^3 / 3 - ...` by Horner's rule, for an element `1 + a` that is one at level 0."""
    depth = len(a)
    total = tuple(x / depth for x in a)
    for n in range(depth - 1, 0, -1):
        total = tuple(x / n - y for x, y in zip(a, multiply(a, total), strict=True))
    return total


def _level(a: Levels, b: Levels, k: int) -> Float[Array, "..."]:
    """Level `k` of a product: the sum over all ways to split a word in two."""
    return sum((outer(a[j - 1], b[k - j - 1]) for j in range(2, k)), start=outer(a[0], b[k - 2]))
