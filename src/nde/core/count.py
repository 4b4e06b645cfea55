"""Counts of what happens, in integers of one dtype."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from nde.core.types import BoolScalar, IntScalar


def count_if(count: IntScalar, happened: BoolScalar) -> IntScalar:
    """The count, one more where the condition holds."""
    return count + happened.astype(count.dtype)


def count_down_if(count: IntScalar, happened: BoolScalar) -> IntScalar:
    """The count, one less where the condition holds."""
    return count - happened.astype(count.dtype)


def first_of(rows: int, count: IntScalar | int) -> Bool[Array, " rows"]:
    """Which of so many rows are the first `count`."""
    count = jnp.asarray(count)
    return jnp.arange(rows, dtype=count.dtype) < count


def divisor_of(among: Bool[Array, "..."], dtype: Any) -> Float[Array, ""]:
    """How many of the conditions hold, and at least one: what the sum over those is divided by for a mean."""
    return jnp.maximum(jnp.sum(among), 1).astype(dtype)
