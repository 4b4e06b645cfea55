"""A first step size from the first two derivatives of the solution."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array

from nde.core import tree
from nde.core.norms import max_norm
from nde.core.types import Norm, RealScalar, Time, Tolerance, Y
from nde.stepping.tolerance import error_scale, in_units


def initial_step(
    slope: Callable[[Time, Y], Y],
    t0: Time,
    t1: Time,
    y0: Y,
    error_order: RealScalar,
    rtol: Tolerance,
    atol: Tolerance,
    norm: Norm,
) -> Time:
    """The starting step size of Hairer, Norsett and Wanner, section II.4 (doi:10.1007/978-3-540-78862-1).

    The second derivative is probed with a small step of Euler's method, which stays between t0 and t1. Where the vector
    field is not finite at its end, that small step is the answer.

    Args:
        slope: The derivative of the state in loop time.
        t0: Start of the solve.
        t1: End of the solve.
        y0: The state at t0.
        error_order: The order of the local error.
        rtol: Relative tolerance.
        atol: Absolute tolerance.
        norm: The norm of errors.

    Returns:
        A positive step size in loop time.
    """
    tolerance = error_scale(rtol, atol, jax.tree.map(jnp.abs, y0))

    def size(x: Y) -> tuple[Array, Array]:
        """The norm in units of the tolerance, as a product whose first factor is the largest number."""
        largest = max_norm(x).astype(t0.dtype)
        usable = jnp.where((largest > 0) & jnp.isfinite(largest), largest, 1)
        units = jax.tree.map(in_units, tree.scaled(x, 1 / usable), tolerance)
        return usable, jnp.asarray(norm(units), t0.dtype)

    f0 = slope(t0, y0)
    (most0, norm0), (most1, norm1) = size(y0), size(f0)
    d0, d1 = most0 * norm0, most1 * norm1
    small = (d0 < 1e-5) | (d1 < 1e-5)
    guess = 0.01 * (d0 / jnp.where(small, 1, norm1)) / most1
    guess = jnp.where(small | ~jnp.isfinite(guess), 1e-6, guess)
    h0 = jnp.clip(guess, jnp.finfo(t0.dtype).tiny, jnp.where(t1 > t0, t1 - t0, 1))
    f1 = slope(jnp.minimum(t0 + h0, t1), tree.add(y0, tree.scaled(f0, h0)))
    most2, norm2 = size(tree.minus(f1, f0))
    largest = jnp.maximum(d1, most2 * norm2 / h0)
    flat = largest <= 1e-15
    h1 = jnp.where(flat, jnp.maximum(1e-6, h0 * 1e-3), (0.01 / jnp.where(flat, 1, largest)) ** (1 / error_order))
    h = jnp.minimum(100 * h0, h1)
    return jax.lax.stop_gradient(jnp.where(jnp.isfinite(h) & (h > 0), h, h0))
