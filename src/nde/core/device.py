"""Arrays and numbers on the device."""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from nde.core.tracing import inside_jit


def to_device(x: Any, dtype: Any = None) -> Array:
    """The array, as `jnp.asarray` makes it, but moved and not computed.

    A value that is missing (`nan`) is then no fault where `jax.debug_nans` looks for those that were computed.
    """
    if isinstance(x, np.ndarray) and not inside_jit():
        return jax.device_put(np.asarray(x, dtype))
    return x if isinstance(x, jax.Array) and dtype is None else jnp.asarray(x, dtype)


def number_on_device(x: float, wide: bool) -> jax.Array:
    """The number as an array, which many calls share: moving numbers is a large part of a small call.

    Not inside `jax.jit`, whose arrays must not outlive it.

    Args:
        x: The number.
        wide: Whether numbers have 64 bits.
    """
    return _cached(x, math.copysign(1.0, x), wide)  # zeros of both signs are equal to each other


@functools.lru_cache(maxsize=1024)
def _cached(x: float, sign: float, wide: bool) -> jax.Array:
    del sign, wide
    return jnp.asarray(x)
