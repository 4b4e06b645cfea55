"""Numbers that a user gives, as arrays of a known dtype."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core.describe import describe


def strong(x: Any, dtype: Any) -> Array:
    """An array of exactly this dtype, not a weakly typed one."""
    return jax.lax.convert_element_type(jnp.asarray(x), dtype)


def inexact_arrays(y: PyTree[Any], place: str = "the state `y0`") -> PyTree[Array]:
    """What a user gives as a state, with real or complex floating arrays for its numbers.

    Args:
        y: The state.
        place: What it is, for the message.

    Raises:
        TypeError: If a leaf is no number and no array.
    """
    return jax.tree.map(lambda x: _inexact_array(x, place), y)


def _inexact_array(x: Any, place: str) -> Array:
    try:
        array = jnp.asarray(x)
    except (TypeError, ValueError) as error:
        raise TypeError(f"Got {describe(x)} in {place}; expected numbers or arrays.") from error
    if jnp.issubdtype(array.dtype, jax.dtypes.prng_key):
        raise TypeError(f"Got a key in {place}; expected numbers or arrays.")
    return strong(array, array.dtype if jnp.issubdtype(array.dtype, jnp.inexact) else jnp.result_type(float))
