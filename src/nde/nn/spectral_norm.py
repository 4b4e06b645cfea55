"""Smooth upper bounds of spectral norms."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_SQUARINGS = 4
_POWER = 2 ** (_SQUARINGS + 1)
"""The norm of a matrix with a hundred equal singular values is overestimated by 15%, which is the worst case."""


def spectral_norm_bound(matrix: Float[Array, "rows columns"]) -> Float[Array, ""]:
    r"""The Schatten norm $(\sum_i \sigma_i^{32})^{1/32}$, an upper bound of the spectral norm, smooth but at 0."""
    return jnp.exp(_log_trace(matrix) / _POWER)


def shrinkage(matrix: Float[Array, "rows columns"]) -> Float[Array, ""]:
    r"""The smooth factor $(1 + \sum_i \sigma_i^{32})^{-1/32}$, which takes the norm of a matrix below 1."""
    return jnp.exp(-jax.nn.softplus(_log_trace(matrix)) / _POWER)


def _log_trace(matrix: Float[Array, "rows columns"]) -> Float[Array, ""]:
    """The logarithm of the sum of powers, with a trace of 1 kept in between lest they overflow."""
    tall = matrix.shape[0] > matrix.shape[1]
    power = matrix.T @ matrix if tall else matrix @ matrix.T
    log_trace = jnp.zeros((), power.dtype)
    for squaring in range(_SQUARINGS + 1):
        power = power @ power if squaring else power
        trace = jnp.trace(power) + jnp.finfo(power.dtype).tiny
        power, log_trace = power / trace, 2 * log_trace + jnp.log(trace)
    return log_trace
