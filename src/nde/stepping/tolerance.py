"""Tolerances: one number, or one for each component of a state."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from nde.core.tree import real_dtype
from nde.core.types import Tolerance


def error_scale(rtol: Tolerance, atol: Tolerance, sizes: PyTree[Array]) -> PyTree[Array]:
    """`atol + rtol * |y|` for each component.

    Args:
        rtol: Relative tolerance: a number, an array that broadcasts to each leaf, or a pytree of these that is a prefix
            of the state.
        atol: Absolute tolerance, likewise.
        sizes: The absolute values of a state.

    Raises:
        ValueError: If a tolerance does not fit the state.
    """

    def leaf(r: Any, a: Any, size: Array) -> Array:
        return _broadcast(a, size) + _broadcast(r, size) * size

    return jax.tree.map(leaf, per_leaf("rtol", rtol, sizes), per_leaf("atol", atol, sizes), sizes)


def in_units(x: Array, tolerance: Array) -> Array:
    """Real or complex numbers in units of their tolerances."""
    return x / tolerance.astype(x.dtype)


def per_leaf(name: str, tolerance: Tolerance, y: PyTree[Array]) -> PyTree[Any]:
    """The tolerance of each leaf of a state.

    Args:
        name: That of the tolerance, for the message.
        tolerance: A number, an array that broadcasts to each leaf, or a pytree of these that is a prefix of the state;
            for a state of one array a list of numbers, too.
        y: The state.

    Raises:
        ValueError: If it does not fit the state.
    """
    if isinstance(tolerance, list | tuple) and jax.tree.structure(y) == jax.tree.structure(0):
        tolerance = jnp.asarray(tolerance)
    try:
        leaves = jax.tree.map(lambda tol, branch: jax.tree.map(lambda _: tol, branch), tolerance, y)
    except ValueError as error:
        raise ValueError(
            f"Got `{name}` of structure {jax.tree.structure(tolerance)} for a state of structure "
            f"{jax.tree.structure(y)}; expected a number, an array, or a pytree whose leaves are each for a branch of "
            "the state."
        ) from error
    jax.tree.map(lambda tol, leaf: _check_shape(name, jnp.shape(tol), leaf.shape), leaves, y)
    return leaves


def least(tolerance: Tolerance) -> Any:
    """The smallest number in a tolerance."""
    if is_number(tolerance):
        return tolerance
    return jnp.min(jnp.stack([jnp.min(jnp.asarray(leaf, float)) for leaf in jax.tree.leaves(tolerance)]))


def is_number(tolerance: Tolerance) -> bool:
    """Whether the tolerance is the same for all components."""
    return jax.tree.structure(tolerance) == jax.tree.structure(0) and np.ndim(tolerance) == 0


def _check_shape(name: str, shape: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    try:
        fits = jnp.broadcast_shapes(shape, wanted) == wanted
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"Got `{name}` of shape {shape} for an array of shape {wanted} in the state; expected a number, or an "
            "array that broadcasts to that shape."
        )


def _broadcast(tolerance: Any, size: Array) -> Array:
    tolerance = jnp.asarray(tolerance, real_dtype(size))
    return tolerance if tolerance.ndim == 0 else jnp.broadcast_to(tolerance, size.shape)
