"""Batches of points."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def points_of(batch: Any) -> tuple[Float[Array, "points size"], Float[Array, "points condition"] | None]:
    """Return the points of a batch, and their conditions if the batch is a pair."""
    x, condition = batch if isinstance(batch, tuple | list) else (batch, None)
    return jnp.asarray(x), jax.tree.map(jnp.asarray, condition)
