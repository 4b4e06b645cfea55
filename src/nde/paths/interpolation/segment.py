"""A cubic polynomial between two observations, about each of the knots that lie between them."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, PyTree, Real

from nde.paths.interpolation.observed import Row

Cubic = tuple[Array, Array, Array, Array]
"""`(d, c, b, a)`: of the powers three to zero; those of one polynomial, or of one for each interval."""


def about(x: Real[Array, "*channels"], d: Row, c: Row, b: Row, a: Row) -> Cubic:
    """The coefficients of `d s^3 + c s^2 + b s + a` in powers of `s - x`.

    Args:
        x: How far behind the start of the polynomial the new origin is.
        d: Of the third power.
        c: Of the second.
        b: Of the first.
        a: The constant.
    """
    bent = c + 3 * d * x
    return d, bent, b + (c + bent) * x, a + (b + (c + d * x) * x) * x


def known(there: Bool[Array, "*channels"], cubic: Cubic) -> Cubic:
    """The coefficients, `nan` where there is no polynomial."""
    d, c, b, a = (jnp.where(there, value, jnp.nan) for value in cubic)
    return d, c, b, a


def by_power(ys: PyTree[Any], leaves: PyTree[Any]) -> tuple[PyTree[Array], ...]:
    """The coefficients of each leaf, as one pytree for each power."""
    if not jax.tree.leaves(ys):  # of which JAX cannot tell the structure inside the leaves
        return ys, ys, ys, ys
    return jax.tree.transpose(jax.tree.structure(ys), jax.tree.structure((0, 0, 0, 0)), leaves)
