"""Straight lines between data."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree, Real

from nde.core.types import Times
from nde.paths.interpolation.base import AbstractInterpolation, knots, rows, spread


class LinearInterpolation(AbstractInterpolation):
    """Piecewise linear interpolation of data.

    Its derivative jumps at the knots. An adaptive solve of a term that is driven by it ends a step at each of them, by
    itself; in a vector field of your own, tell the controller: `ClipStepSizeController(controller, jump_ts=path.ts)`.

    Where two knots are at the same time, the path jumps from the value of the first to that of the second.

    Missing values (`nan`) stay missing on both sides; fill them first, with `linear_interpolation`.

    Attributes:
        ts: Increasing times of shape `(times,)`; those of a traced array are not checked.
        ys: The values there, a pytree of arrays with a leading axis `(times,)`.

    Raises:
        ValueError: If there are fewer than two times, or an array has another leading axis.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        path = nde.LinearInterpolation(ts=jnp.array([0.0, 1.0, 3.0]), ys=jnp.array([1.0, 2.0, 0.0]))
        print(path.evaluate(2.0), path.evaluate(0.0, 2.0), path.derivative(2.0))
        ```
    """

    ts: Real[Array, " times"]
    ys: PyTree[Array]

    def __init__(self, ts: Times, ys: PyTree[Any]) -> None:
        self.ts = knots("LinearInterpolation", ts)
        self.ys = rows("LinearInterpolation", ys, self.ts.shape[0], "`ys`")

    @property
    def knots(self) -> Real[Array, " times"]:
        """All of them: the derivative jumps there."""
        return self.ts

    def value_in(self, index: Int[Array, "..."], t: Real[Array, "..."], left: bool) -> PyTree[Array]:
        """The value between two knots, exact at both."""
        start, length = self.ts[index], self.ts[index + 1] - self.ts[index]
        empty = length == 0
        share = jnp.where(empty, 0 if left else 1, (t - start) / jnp.where(empty, 1, length))

        def leaf(ys: Array) -> Array:
            y0, y1 = ys[index], ys[index + 1]
            w = spread(share, y0)
            return jnp.where(w.real < 0.5, y0 + w * (y1 - y0), y1 - (1 - w) * (y1 - y0))

        return jax.tree.map(leaf, self.ys)

    def slope_in(self, index: Int[Array, "..."], t: Real[Array, "..."]) -> PyTree[Array]:
        """The slope between two knots."""
        del t
        length = self.ts[index + 1] - self.ts[index]

        def leaf(ys: Array) -> Array:
            rise = ys[index + 1] - ys[index]
            return rise / spread(length, rise)

        return jax.tree.map(leaf, self.ys)
