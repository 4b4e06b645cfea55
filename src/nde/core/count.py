"""Counts of what happens, in integers of one dtype."""

import jax.numpy as jnp
from jaxtyping import Array, Bool

from nde.core.types import BoolScalar, IntScalar


def counted(count: IntScalar, happened: BoolScalar) -> IntScalar:
    """The count, one more where the condition holds."""
    return count + happened.astype(count.dtype)


def counted_down(count: IntScalar, happened: BoolScalar) -> IntScalar:
    """The count, one less where the condition holds."""
    return count - happened.astype(count.dtype)


def first_of(rows: int, count: IntScalar) -> Bool[Array, " rows"]:
    """Which of so many rows are the first `count`."""
    return jnp.arange(rows, dtype=count.dtype) < count
