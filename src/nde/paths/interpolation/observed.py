"""Which values of a series are observed, and what is put where none is before or behind."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree, Real, Shaped

from nde.core import tree
from nde.core.types import Times
from nde.paths.interpolation.base import knots, rows

Series = Shaped[Array, "times *channels"]
"""The values of one leaf; `nan` where none was observed."""

Row = Shaped[Array, "*channels"]
"""One of them."""


def series(
    name: str, ts: Times, ys: PyTree[Any], fill_forward_nans_at_end: bool, replace_nans_at_start: PyTree[Any]
) -> tuple[Real[Array, " times"], PyTree[Array]]:
    """Times and values as arrays, with the ends filled as was asked for.

    Args:
        name: Whose arguments they are, for the messages.
        ts: The times.
        ys: The values.
        fill_forward_nans_at_end: Whether what is missing behind the last observation is that observation again.
        replace_nans_at_start: What is put at the first time where nothing was observed there; None for nothing.

    Raises:
        ValueError: If the shapes do not fit.
    """
    ts = knots(name, ts)
    ys = rows(name, ys, ts.shape[0], "`ys`")
    if replace_nans_at_start is not None:
        ys = jax.tree.map(lambda y, start: _started(name, y, start), ys, like(ys, replace_nans_at_start))
    return ts, jax.tree.map(_held, ys) if fill_forward_nans_at_end else ys


def like(ys: PyTree[Array], values: PyTree[Any]) -> PyTree[Any]:
    """Values for each leaf, from a pytree of the same structure or of its upper part."""
    return jax.tree.broadcast(values, ys)


def row_like(name: str, what: str, value: Any, ys: Series) -> Row:
    """A value as a row of a series.

    Raises:
        ValueError: If it has no such shape.
    """
    shape = jnp.shape(value)
    if not _broadcasts(shape, ys.shape[1:]):
        raise ValueError(
            f"`{name}` got {what} of shape {shape} for a leaf of shape {ys.shape}; expected a number, or an array that "
            f"can be broadcast to {ys.shape[1:]}."
        )
    return jnp.broadcast_to(jnp.asarray(value, ys.dtype), ys.shape[1:])


def times_of(ts: Real[Array, " times"], ys: Series) -> Real[Array, " times"]:
    """The times in the precision of the values; counted from the first if that is less than their own."""
    dtype = tree.real_dtype(ys)
    fits = jnp.finfo(ts.dtype).bits <= jnp.finfo(dtype).bits
    return (ts if fits else ts - ts[0]).astype(dtype)


def last_observed(ys: Series) -> Series:
    """At each time the last value that was observed until then; `nan` before the first."""

    def hold(last: Row, y: Row) -> tuple[Row, Row]:
        last = jnp.where(jnp.isnan(y), last, y)
        return last, last

    return jax.lax.scan(hold, ys[0], ys)[1]


def next_observed(ts: Real[Array, " times"], ys: Series) -> tuple[Series, Series]:
    """At each time the time and the value of the next observation, or of that at this time; `nan` behind the last."""

    def hold(following: tuple[Row, Row], knot: tuple[Array, Row]) -> tuple[tuple[Row, Row], tuple[Row, Row]]:
        t, y = knot
        missing = jnp.isnan(y)
        following = jnp.where(missing, following[0], t), jnp.where(missing, following[1], y)
        return following, following

    return jax.lax.scan(hold, (jnp.broadcast_to(ts[-1], ys.shape[1:]), ys[-1]), (ts, ys), reverse=True)[1]


def _started(name: str, ys: Series, start: Any) -> Series:
    first = jnp.where(jnp.isnan(ys[0]), row_like(name, "`replace_nans_at_start`", start, ys), ys[0])
    return ys.at[0].set(first)


def _broadcasts(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    lengths = zip(reversed(shape), reversed(wanted), strict=False)
    return len(shape) <= len(wanted) and all(length in {1, other} for length, other in lengths)


def _held(ys: Series) -> Series:
    """All that is missing behind the last observation is filled, and not the end alone.

    A cubic polynomial from the last observation to the end of a long padding would leave the data far behind.
    """
    length = ys.shape[0]
    last = length - 1 - jnp.argmax(~jnp.isnan(ys[::-1]), axis=0)
    value = jnp.take_along_axis(ys, last[None], axis=0)
    place = jnp.arange(length).reshape(length, *(1,) * (ys.ndim - 1))
    return jnp.where(place > last[None], value, ys)
