"""Real and generated series as observed, with missing values and padding."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from nde.data import Batch
from nde.models.controlled import fill_missing


def observed_path(
    ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int
) -> Float[Array, "knots channels_and_time"]:
    """Return time and channels at each row, linearly interpolated and constant after the last row."""
    knots, xs = fill_missing(ts, ys)
    last = jnp.clip(length - 1, 0, ts.shape[0] - 1)
    return jnp.concatenate([jnp.minimum(knots, ts[last])[:, None].astype(xs.dtype), xs], axis=1)


def mask_like(batch: Batch, generated: Float[Array, "series time channels"]) -> Float[Array, "series time channels"]:
    """Set generated values to `nan` wherever the real series of the same row has none."""
    return jnp.where(jnp.isnan(batch.ys), jnp.nan, generated)


def weighted_mean(values: Float[Array, " series"], weights: Float[Array, " series"]) -> Float[Array, ""]:
    """Return the mean over the series of a batch, weighted by their weights."""
    return jnp.sum(weights * values) / jnp.sum(weights)
