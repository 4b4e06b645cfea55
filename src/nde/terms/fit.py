"""Whether what a user's function returns fits the state."""

from typing import Any

import jax
from jaxtyping import PyTree

from nde.core.tree import common_dtype
from nde.core.types import Y


def check_change(what: str, out: PyTree[Any], y: Y) -> None:
    """Whether what a function returned can be the change of a state.

    Args:
        what: The function, for the message.
        out: What it returned.
        y: The state.

    Raises:
        ValueError: If it is of another structure or other shapes.
        TypeError: If it is no array, or its dtype is one that the state cannot hold.
    """
    got, wanted = jax.tree.structure(out), jax.tree.structure(y)
    if got != wanted:
        raise ValueError(
            f"{what} returned a pytree of structure {got}; expected that of the state y0, {wanted}. "
            "Return it with one array for each array of y0."
        )
    for f, state in zip(jax.tree.leaves(out), jax.tree.leaves(y), strict=True):
        if not hasattr(f, "shape") or not hasattr(f, "dtype"):
            raise TypeError(f"{what} returned a {type(f).__name__}; expected arrays of the shapes of the state y0.")
        if f.shape != state.shape:
            raise ValueError(
                f"{what} returned an array of shape {f.shape} for a state of shape {state.shape}; the two "
                "must agree. Look for a missing or extra axis in it or in y0."
            )
        common = common_dtype(f.dtype, state.dtype)
        if common != state.dtype:
            raise TypeError(
                f"{what} returned dtype {f.dtype} for a state of dtype {state.dtype}, which cannot hold it. "
                f"Pass y0 as {common}, or cast the result."
            )
