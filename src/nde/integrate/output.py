"""What is to be saved of a solve."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.polynomial import Polynomial
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
    """One step, ready for values inside it; `start == end` marks an empty slot.

    Attributes:
        start: Its start in loop time.
        end: Its end.
        y: The state at its start.
        interpolant: The state's change since then, at each fraction of the step.
    """

    start: Time
    end: Time
    y: Y
    interpolant: Polynomial

    def value(self, at: Time) -> Y:
        """The state at a loop time inside the step; at the start of a step of length zero."""
        return tree.add(self.y, self.interpolant.value(self._share(at)))

    def slope(self, at: Time) -> Y:
        """The derivative in loop time there."""
        return tree.scaled(self.interpolant.derivative(self._share(at)), 1 / self._length())

    def collected(self) -> "DenseStep":
        """The same step, smaller, and cheaper to evaluate again and again."""
        return DenseStep(self.start, self.end, self.y, self.interpolant.collected())

    def _share(self, at: Time) -> Time:
        return jnp.where(self.start == self.end, 0, (at - self.start) / self._length())

    def _length(self) -> Time:
        return jnp.where(self.start == self.end, 1, self.end - self.start)


def step_holding(steps: DenseStep, at: Time, left: bool) -> DenseStep:
    """Of the steps of a solve the one that holds a loop time; at a step's end the earlier one if `left`."""
    used = jnp.sum(jnp.isfinite(steps.end), dtype=jnp.int32)
    index = jnp.searchsorted(steps.end, at, side="left" if left else "right")
    return tree.row(steps, jnp.clip(index, 0, jnp.maximum(used - 1, 0)))


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


def over_rows(mask: Array, rows: Array) -> Array:
    """A mask of rows, with axes added so that it masks an array of them."""
    return mask.reshape(mask.shape + (1,) * (rows.ndim - 1))


def shapes_of(fn: SaveFunction, t: Time, y: Y, args: Args) -> PyTree[jax.ShapeDtypeStruct]:
    """The shapes of a save function's value."""
    return jax.eval_shape(lambda t, y: call_fn(fn, t, y, args), t, y)


def call_fn(fn: SaveFunction, t: Time, y: Y, args: Args) -> PyTree[Array]:
    """A save function's value, as arrays."""
    return jax.tree.map(jnp.asarray, fn(t, y, args))
