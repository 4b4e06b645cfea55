"""Axes of arrays, added explicitly."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array


def as_last_axes(x: Array, like: Array | np.ndarray) -> Array:
    """The array with leading axes of length one, so that it has as many axes as another."""
    return jnp.expand_dims(x, range(like.ndim - x.ndim))
