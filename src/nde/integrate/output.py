"""What is to be saved of a solve."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core.types import Args, Time, Y

SaveFunction = Callable[[Any, Any, Any], PyTree[Any]]


class AtTimes(eqx.Module):
    """`fn(t, y, args)` at given loop times `ts`, sorted."""

    ts: Array
    fn: SaveFunction


class AtSteps(eqx.Module):
    """`fn(t, y, args)` after every so many accepted steps."""

    fn: SaveFunction
    every: int = eqx.field(static=True)


class DenseSteps(eqx.Module):
    """All that values inside the steps are computed from, for every step."""


Output = AtTimes | AtSteps | DenseSteps


class DenseStep(eqx.Module):
    """One step, ready for values inside it; `start == end` marks an empty slot."""

    start: Time
    end: Time
    y: Y
    scale: Any
    stages: PyTree[Any]


class Saved(eqx.Module):
    """What was saved after steps: times, values, and how many of them there are."""

    ts: Array
    ys: PyTree[Any]
    count: Array


def padding(dtype: Any) -> Any:
    """What stands where nothing was saved: infinity, or the largest number of an integer type."""
    if jnp.issubdtype(dtype, jnp.inexact):
        return jnp.inf
    if jnp.issubdtype(dtype, jnp.integer):
        return jnp.iinfo(dtype).max
    return False


def padded_rows(rows: int, struct: PyTree[Any]) -> PyTree[Array]:
    """So many rows of padding for values of these shapes."""
    return jax.tree.map(lambda x: jnp.full((rows, *x.shape), padding(x.dtype), x.dtype), struct)


def call_fn(fn: SaveFunction, t: Time, y: Y, args: Args) -> PyTree[Array]:
    """A save function's value, as arrays."""
    return jax.tree.map(jnp.asarray, fn(t, y, args))
