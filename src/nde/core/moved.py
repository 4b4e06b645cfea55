"""From NumPy to the device."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from nde.core.compiled import inside_jit


def moved(x: Any, dtype: Any = None) -> Array:
    """The array, as `jnp.asarray` makes it, but moved and not computed.

    A value that is missing (`nan`) is then no fault where `jax.debug_nans` looks for those that were computed.
    """
    if isinstance(x, np.ndarray) and not inside_jit():
        return jax.device_put(np.asarray(x, dtype))
    return x if isinstance(x, jax.Array) and dtype is None else jnp.asarray(x, dtype)
