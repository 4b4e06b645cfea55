"""Paths that grow by one observation at a time, and look at nothing that comes later."""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, PyTree

from nde.core.compiled import compiled
from nde.core.tree import common_dtype
from nde.core.types import RealScalar, Time
from nde.paths.interpolation.base import AbstractInterpolation
from nde.paths.interpolation.cubic import CubicInterpolation
from nde.paths.interpolation.linear import LinearInterpolation


class Grown(eqx.Module):
    """What a growing path remembers of the observations so far.

    Attributes:
        s: The time on the path.
        t: The time of the last observation; that on the path, unless the path runs on a clock of its own.
        x: The last observation.
        slope: The derivative of the path there, if the path has one; `None` after the first observation.
    """

    s: Time
    t: Time
    x: PyTree[Array]
    slope: PyTree[Array] | None = None


class AbstractGrowingPath(eqx.Module):
    """A path that is extended by one observation at a time.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        growing = nde.GrowingLinear()
        grown = growing.init(0.0, jnp.array([1.0]))
        piece, grown = growing.grow(grown, 2.0, jnp.array([5.0]))
        print(piece.evaluate(1.0))
        ```
    """

    @compiled()
    def init(self, t: RealScalar, x: PyTree[Any]) -> Grown:
        """The path's first observation.

        Args:
            t: Its time.
            x: Its values, a pytree of arrays.
        """
        x = jax.tree.map(jnp.asarray, x)
        t = jnp.asarray(t, common_dtype(t, float))
        return Grown(s=t, t=t, x=x)

    @abc.abstractmethod
    def grow(self, grown: Grown, t: RealScalar, x: PyTree[Any]) -> tuple[AbstractInterpolation, Grown]:
        """The piece of the path up to a new observation.

        Args:
            grown: The observations so far.
            t: The time of the new one, after that of the last.
            x: Its values.

        Returns:
            The piece, whose knots are those of the whole path, and the observations with the new one.
        """


class GrowingLinear(AbstractGrowingPath):
    """Linear interpolation, extended by one complete observation at a time; see `LinearInterpolation`.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        growing = nde.GrowingLinear()
        piece, _ = growing.grow(growing.init(0.0, jnp.array([1.0])), 2.0, jnp.array([5.0]))
        print(piece.derivative(1.0))
        ```
    """

    def grow(self, grown: Grown, t: RealScalar, x: PyTree[Any]) -> tuple[LinearInterpolation, Grown]:
        """The line."""
        return self._grow(grown, _later(grown, t), x)

    @compiled()
    def _grow(self, grown: Grown, t: RealScalar, x: PyTree[Any]) -> tuple[LinearInterpolation, Grown]:
        t, x = _as(grown, t, x)
        piece = LinearInterpolation(jnp.stack([grown.t, t]), jax.tree.map(lambda a, b: jnp.stack([a, b]), grown.x, x))
        return piece, Grown(s=t, t=t, x=x)


class GrowingHermite(AbstractGrowingPath):
    """Cubic Hermite interpolation, extended by one complete observation at a time; see `backward_hermite_coefficients`.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        growing = nde.GrowingHermite()
        _, grown = growing.grow(growing.init(0.0, jnp.array([1.0])), 2.0, jnp.array([5.0]))
        piece, _ = growing.grow(grown, 3.0, jnp.array([4.0]))
        print(piece.derivative(2.0), piece.derivative(3.0))
        ```
    """

    def grow(self, grown: Grown, t: RealScalar, x: PyTree[Any]) -> tuple[CubicInterpolation, Grown]:
        """The cubic between the last slope and that of the line to the new observation."""
        return self._grow(grown, _later(grown, t), x)

    @compiled()
    def _grow(self, grown: Grown, t: RealScalar, x: PyTree[Any]) -> tuple[CubicInterpolation, Grown]:
        t, x = _as(grown, t, x)
        h = t - grown.t
        slope = jax.tree.map(lambda a, b: (b - a) / h.astype(b.dtype), grown.x, x)
        before = slope if grown.slope is None else grown.slope
        d = jax.tree.map(lambda m0, m1: ((m0 - m1) / h.astype(m1.dtype) ** 2)[None], before, slope)
        c = jax.tree.map(lambda m0, m1: (2 * (m1 - m0) / h.astype(m1.dtype))[None], before, slope)
        b, a = (jax.tree.map(lambda m: m[None], values) for values in (before, grown.x))
        return CubicInterpolation(jnp.stack([grown.t, t]), (d, c, b, a)), Grown(s=t, t=t, x=x, slope=slope)


class GrowingRectilinear(AbstractGrowingPath):
    """Rectilinear interpolation, extended by one observation at a time; see `rectilinear_interpolation`.

    The control is `[t, *x]`, of shape `(1 + channels,)` for observations of shape `(channels,)`. The path runs on a
    clock of its own, one unit for each half. A value that is missing (`nan`) is held: it may be so in any observation
    but the first.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        growing = nde.GrowingRectilinear()
        piece, _ = growing.grow(growing.init(0.0, jnp.array([1.0])), 2.0, jnp.array([5.0]))
        print(piece.ts, piece.ys)
        ```
    """

    def init(self, t: RealScalar, x: PyTree[Any]) -> Grown:
        """The path's first observation, an array of shape `(channels,)`, where the clock is at zero.

        Raises:
            ValueError: If it is no such array.
        """
        if not isinstance(x, Array | np.ndarray) or x.ndim != 1:
            got = f"shape {x.shape}" if isinstance(x, Array | np.ndarray) else f"type {type(x).__name__}"
            raise ValueError(f"`GrowingRectilinear` got an observation of {got}; expected an array `(channels,)`.")
        x = jnp.asarray(x)
        t = jnp.asarray(t, common_dtype(t, float))
        return Grown(s=jnp.zeros_like(t), t=t, x=x)

    def grow(self, grown: Grown, t: RealScalar, x: PyTree[Any]) -> tuple[LinearInterpolation, Grown]:
        """The two halves."""
        return self._grow(grown, _later(grown, t), x)

    @compiled()
    def _grow(self, grown: Grown, t: RealScalar, x: PyTree[Any]) -> tuple[LinearInterpolation, Grown]:
        t, x = _as(grown, t, x)
        x = jnp.where(jnp.isnan(x), grown.x, x)
        rows = [(grown.t, grown.x), (t, grown.x), (t, x)]
        ys = jnp.stack([jnp.concatenate([time[None].astype(x.dtype), values]) for time, values in rows])
        return LinearInterpolation(grown.s + jnp.arange(3, dtype=t.dtype), ys), Grown(s=grown.s + 2, t=t, x=x)


def _later(grown: Grown, t: RealScalar) -> RealScalar:
    """The time of a new observation.

    Raises:
        ValueError: If it is no single time, or known (not traced) and before that of the last.
    """
    if jnp.shape(t) != ():
        raise ValueError(f"Got an observation at times of shape {jnp.shape(t)}; expected a single time.")
    if not isinstance(t, Tracer) and not isinstance(grown.t, Tracer) and t < grown.t:
        raise ValueError(f"Got an observation at the time {t} after one at {grown.t}; times must not decrease.")
    return t


def _as(grown: Grown, t: RealScalar, x: PyTree[Any]) -> tuple[Time, PyTree[Array]]:
    """A new observation in the dtypes of the last.

    Raises:
        TypeError: If it is complex, and the last was not.
        ValueError: If it has another structure or other shapes.
    """
    got, wanted = jax.tree.structure(x), jax.tree.structure(grown.x)
    if got != wanted:
        raise ValueError(f"Got an observation of structure {got} after one of {wanted}; the two must agree.")

    def leaf(last: Array, new: Any) -> Array:
        if jnp.shape(new) != last.shape:
            raise ValueError(
                f"Got an observation of shape {jnp.shape(new)} after one of shape {last.shape}; the two must agree."
            )
        if jnp.iscomplexobj(new) and not jnp.iscomplexobj(last):
            raise TypeError(f"Got a complex observation after one of dtype {last.dtype}; begin with a complex one.")
        return jnp.asarray(new, last.dtype)

    return jnp.asarray(t, grown.t.dtype), jax.tree.map(leaf, grown.x, x)
