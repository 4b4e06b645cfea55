"""Cubic polynomials between data."""

from typing import Any

import jax
from jaxtyping import Array, Int, PyTree, Real

from nde.core.types import Times
from nde.paths.interpolation.base import AbstractInterpolation, knots, rows, spread

Coefficients = tuple[PyTree[Array], PyTree[Array], PyTree[Array], PyTree[Array]]
"""`(d, c, b, a)`: of the powers three to zero of the time since the last knot."""


class CubicInterpolation(AbstractInterpolation):
    """Piecewise cubic interpolation: `d x^3 + c x^2 + b x + a`, with `x` the time since the last knot.

    Attributes:
        ts: Increasing times of shape `(times,)`; those of a traced array are not checked.
        coeffs: `(d, c, b, a)`, pytrees of arrays with a leading axis `(times - 1,)`, as made by
            `backward_hermite_coefficients` or `natural_cubic_coefficients`.

    Raises:
        ValueError: If there are fewer than two times, there are not four coefficients, or an array has another leading
            axis.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        ts, zero = jnp.array([0.0, 1.0, 2.0]), jnp.zeros(2)
        parabola = nde.CubicInterpolation(ts, (zero, jnp.ones(2), jnp.array([0.0, 2.0]), jnp.array([0.0, 1.0])))
        print(parabola.evaluate(1.5), parabola.derivative(1.5))
        ```
    """

    ts: Real[Array, " times"]
    coeffs: Coefficients

    def __init__(self, ts: Times, coeffs: tuple[PyTree[Any], ...]) -> None:
        self.ts = knots("CubicInterpolation", ts)
        if len(coeffs) != 4:
            raise ValueError(
                f"`CubicInterpolation` got {len(coeffs)} coefficients as `coeffs`; expected the tuple `(d, c, b, a)`."
            )
        d, c, b, a = (rows("CubicInterpolation", x, self.ts.shape[0] - 1, "`coeffs`") for x in coeffs)
        self.coeffs = d, c, b, a

    def value_in(self, index: Int[Array, "..."], t: Real[Array, "..."], left: bool) -> PyTree[Array]:
        """The polynomial."""
        del left
        since = t - self.ts[index]

        def leaf(d: Array, c: Array, b: Array, a: Array) -> Array:
            value = d[index]
            x = spread(since, value)
            return ((value * x + c[index]) * x + b[index]) * x + a[index]

        return jax.tree.map(leaf, *self.coeffs)

    def slope_in(self, index: Int[Array, "..."], t: Real[Array, "..."]) -> PyTree[Array]:
        """The derivative of the polynomial."""
        since = t - self.ts[index]

        def leaf(d: Array, c: Array, b: Array) -> Array:
            value = d[index]
            x = spread(since, value)
            return (3 * value * x + 2 * c[index]) * x + b[index]

        return jax.tree.map(leaf, *self.coeffs[:3])
