"""What paths through data have in common: knots, and a formula between two of them."""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Int, PyTree, Real

from nde.core.compiled import compiled
from nde.core.device import to_device
from nde.core.types import BoolScalar, IntScalar, RealScalar, Times
from nde.paths.base import AbstractPath
from nde.paths.halves import HALVES, Halves
from nde.paths.interpolation.interval import interval, intervals_of_step


class AbstractGlobalInterpolation(AbstractPath):
    """A path on an interval from `t0` to `t1`: interpolated data, or a solution between its steps.

    Example:
        ```python
        import nde

        assert issubclass(nde.LinearInterpolation, nde.AbstractGlobalInterpolation)
        assert issubclass(nde.DenseInterpolation, nde.AbstractGlobalInterpolation)
        ```
    """

    @property
    @abc.abstractmethod
    def t0(self) -> Array:
        """The start of the interval."""

    @property
    @abc.abstractmethod
    def t1(self) -> Array:
        """Its end."""


class AbstractInterpolation(AbstractGlobalInterpolation):
    """A path that is given by a formula in each interval between two knots.

    The interval of a time is found at once on a uniform grid; in a solve, each step starts to look where the step
    before it ended. Outside the knots the first and the last formula go on.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        path = nde.LinearInterpolation(ts=jnp.array([0.0, 1.0, 3.0]), ys=jnp.array([1.0, 2.0, 0.0]))
        assert isinstance(path, nde.AbstractInterpolation)
        print(path.t0, path.t1)
        ```
    """

    ts: eqx.AbstractVar[Real[Array, " times"]]

    @property
    def t0(self) -> Array:
        """The first knot."""
        return self.ts[0]

    @property
    def t1(self) -> Array:
        """The last knot."""
        return self.ts[-1]

    @property
    def tabulates(self) -> bool:
        """True: what drives the steps of a known grid is computed for all of them at once."""
        return True

    @abc.abstractmethod
    def value_in(self, index: Int[Array, "..."], t: Real[Array, "..."], left: bool) -> PyTree[Array]:
        """The values at times in the given intervals; axes of times come first.

        Args:
            index: The intervals.
            t: The times.
            left: In an interval of no length, whether the value at its first or its last knot is meant.
        """

    @abc.abstractmethod
    def slope_in(self, index: Int[Array, "..."], t: Real[Array, "..."]) -> PyTree[Array]:
        """The derivatives at times in the given intervals; axes of times come first."""

    @compiled()
    def evaluate(self, t0: RealScalar, t1: RealScalar | None = None, left: bool = True) -> PyTree[Array]:
        """The value at `t0`, or the increment from `t0` to `t1`.

        Args:
            t0: A time.
            t1: Another time; if given, the increment from `t0` to `t1` is returned.
            left: At a knot, whether the formula of the interval before or behind it is used.
        """
        at = self._time(t0)
        before = self.value_in(interval(self.ts, at, left), at, left)
        if t1 is None:
            return before
        at = self._time(t1)
        return jax.tree.map(jnp.subtract, self.value_in(interval(self.ts, at, left), at, left), before)

    @compiled()
    def derivative(self, t: RealScalar, left: bool = True) -> PyTree[Array]:
        """The derivative in time.

        Args:
            t: A time.
            left: At a knot, whether the formula of the interval before or behind it is used.
        """
        at = self._time(t)
        return self.slope_in(interval(self.ts, at, left), at)

    def begin(
        self, t0: RealScalar, step: IntScalar | int = 0, may_reject: bool = False, forward: BoolScalar | bool = True
    ) -> IntScalar:
        """The interval in which the step starts."""
        del step, may_reject, forward
        return interval(self.ts, self._time(t0), left=False)

    def prepare(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], needs: frozenset[str], path_state: IntScalar
    ) -> tuple[PyTree[Any], IntScalar]:
        """The increment over the step, and the interval in which it ends."""
        del nodes
        fractions = (0.0, 1.0, 0.5) if HALVES in needs else (0.0, 1.0)
        times = self._time(t) + self._time(h) * jnp.asarray(fractions, self.ts.dtype)
        index = interval(self.ts, times, True, path_state)
        values = self.value_in(index, times, left=True)

        def increment(start: int, end: int) -> PyTree[Array]:
            return jax.tree.map(lambda x: x[end] - x[start], values)

        if HALVES in needs:
            return Halves(increment(0, 1), increment(0, 2), increment(2, 1)), index[1]
        return increment(0, 1), index[1]

    def slopes(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], path_state: IntScalar
    ) -> tuple[PyTree[Array], IntScalar]:
        """The derivatives at fractions of a step, from inside it, and the interval in which it ends."""
        times, index = intervals_of_step(self.ts, self._time(t), self._time(h), nodes, path_state)
        return self.slope_in(index, times), jnp.where(h > 0, jnp.max(index), jnp.min(index))

    def _time(self, t: RealScalar) -> Array:
        return jnp.asarray(t, self.ts.dtype)


def knots(name: str, ts: Times) -> Real[Array, " times"]:
    """Knots as an array.

    Args:
        name: Whose knots they are, for the message.
        ts: The knots.

    Raises:
        ValueError: If they are not one-dimensional, fewer than two, or known (not traced) and do not increase.
    """
    ts = jnp.asarray(ts)
    if ts.ndim != 1 or ts.shape[0] < 2:
        raise ValueError(
            f"`{name}` got `ts` of shape {ts.shape}; expected a one-dimensional array of at least two increasing times."
        )
    if not isinstance(ts, Tracer) and not np.all(np.diff(ts) >= 0):
        late = int(np.argmin(np.diff(ts) >= 0)) + 1
        raise ValueError(f"`{name}` got times that do not increase: {ts[late]} after {ts[late - 1]}. Sort them first.")
    return ts if jnp.issubdtype(ts.dtype, jnp.floating) else ts.astype(float)


def rows(name: str, values: PyTree[Any], length: int, what: str) -> PyTree[Array]:
    """Leaves as arrays with a leading axis of this length.

    Args:
        name: Whose leaves they are, for the message.
        values: The leaves.
        length: The length.
        what: What the leaves are, for the message.

    Raises:
        ValueError: If a leaf has another leading axis.
    """
    values = jax.tree.map(_inexact, values)
    for leaf in jax.tree.leaves(values):
        if leaf.ndim < 1 or leaf.shape[0] != length:
            hint = "For a batch of series make one path of each under `jax.vmap`."
            if leaf.ndim == 0:
                hint = "A list is a tree of numbers here: pass an array."
            raise ValueError(
                f"`{name}` got {what} of shape {leaf.shape}; expected a leading axis of length {length}. {hint}"
            )
    return values


def _inexact(x: Any) -> Array:
    x = to_device(x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(float)


def spread(x: Array, like: Array) -> Array:
    """Numbers of times against rows of these times: with axes added at the end, in the dtype of the rows."""
    return x.reshape(*x.shape, *(1,) * (like.ndim - x.ndim)).astype(like.dtype)
