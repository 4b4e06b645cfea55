"""A first step size from the first two derivatives of the solution."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array

from nde.core.types import Norm, RealScalar, Time, Tolerance, Y
from nde.stepping.tolerance import tolerated


def initial_step(
    slope: Callable[[Time, Y], Y],
    t0: Time,
    y0: Y,
    error_order: RealScalar,
    rtol: Tolerance,
    atol: Tolerance,
    norm: Norm,
) -> Time:
    """The starting step size of Hairer, Norsett and Wanner, section II.4 (doi:10.1007/978-3-540-78862-1).

    Args:
        slope: The derivative of the state in loop time.
        t0: Start of the solve.
        y0: The state there.
        error_order: The order of the local error.
        rtol: Relative tolerance.
        atol: Absolute tolerance.
        norm: The norm of errors.

    Returns:
        A positive step size in loop time.
    """
    tolerance = tolerated(rtol, atol, jax.tree.map(jnp.abs, y0))

    def scaled(x: Y) -> RealScalar:
        return norm(jax.tree.map(jnp.divide, x, tolerance))

    def _real(a: Array) -> jnp.dtype:
        return jnp.finfo(a.dtype).dtype

    f0 = slope(t0, y0)
    d0, d1 = scaled(y0), scaled(f0)
    small = (d0 < 1e-5) | (d1 < 1e-5)
    h0 = jnp.where(small, 1e-6, 0.01 * (d0 / jnp.where(small, 1.0, d1))).astype(t0.dtype)
    y1 = jax.tree.map(lambda y, f: y + h0.astype(_real(y)) * f, y0, f0)
    f1 = slope(t0 + h0, y1)
    d2 = scaled(jax.tree.map(jnp.subtract, f1, f0)) / h0
    largest = jnp.maximum(d1, d2)
    safe = jnp.where(largest <= 1e-15, 1.0, largest)
    h1 = jnp.where(largest <= 1e-15, jnp.maximum(1e-6, h0 * 1e-3), (0.01 / safe) ** (1 / error_order))
    return jax.lax.stop_gradient(jnp.minimum(100 * h0, h1).astype(t0.dtype))
