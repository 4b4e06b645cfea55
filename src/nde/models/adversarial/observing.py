"""Compare generated series with real ones that have missing values."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.data import Batch


def mask_like(batch: Batch, generated: Float[Array, "series time channels"]) -> Float[Array, "series time channels"]:
    """Set generated values to `nan` wherever the real series of the same row has none."""
    return jnp.where(jnp.isnan(batch.ys), jnp.nan, generated)


def weighted_mean(values: Float[Array, " series"], weights: Float[Array, " series"]) -> Float[Array, ""]:
    """Return the mean over the series of a batch, weighted by their weights."""
    return jnp.sum(weights * values) / jnp.sum(weights)
