"""Generated series as they would have been observed."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.data import Batch


def observed_alike(batch: Batch, made: Float[Array, "series time channels"]) -> Float[Array, "series time channels"]:
    """Generated values, `nan` wherever the real series of the same place has none."""
    return jnp.where(jnp.isnan(batch.ys), jnp.nan, made)


def weighted_mean(values: Float[Array, " series"], weights: Float[Array, " series"]) -> Float[Array, ""]:
    """The mean over the series of a batch that count."""
    return jnp.sum(weights * values) / jnp.sum(weights)
