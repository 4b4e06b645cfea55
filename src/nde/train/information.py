"""How well parameters are known."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from nde.train.protocol import Stochastic

_SINGULAR = 1e-9
"""The least eigenvalue of an information matrix with ones on its diagonal that can be told from zero."""


def information(
    loss: Callable[[PyTree[Any], Any], Array], weights: PyTree[Any], data: Any
) -> Float[Array, "weights weights"]:
    """The matrix of second derivatives of a loss: for a negative log likelihood the observed information."""
    flat, whole = ravel_pytree(weights)
    return jax.jit(jax.hessian(lambda x, data: loss(whole(x), data)))(flat, data)


def standard_errors(model: Stochastic, matrix: Float[Array, "weights weights"]) -> dict[str, float | None]:
    """The standard errors of what `model.natural()` tells, by the delta method; `None` if the data identify nothing.

    Args:
        model: At the maximum of its likelihood.
        matrix: The observed information of its weights there.
    """
    covariance = _inverse(np.asarray(matrix))
    weights, static = eqx.partition(model, eqx.is_inexact_array)
    flat, whole = ravel_pytree(weights)

    def natural(x: Array) -> dict[str, Array]:
        return eqx.combine(whole(x), static).natural()

    slopes = jax.jacobian(natural)(flat)
    return {name: _deviation(np.asarray(slope), covariance) for name, slope in slopes.items()}


def _inverse(matrix: Float[np.ndarray, "weights weights"]) -> Float[np.ndarray, "weights weights"] | None:
    """`None` if the matrix is not positive definite."""
    diagonal = np.diag(matrix)
    if not np.isfinite(matrix).all() or (diagonal <= 0).any():
        return None
    size = np.sqrt(np.outer(diagonal, diagonal))
    if np.linalg.eigvalsh(matrix / size)[0] < _SINGULAR:
        return None
    return np.linalg.inv(matrix / size) / size


def _deviation(slope: Float[np.ndarray, " weights"], covariance: np.ndarray | None) -> float | None:
    return None if covariance is None else float(np.sqrt(slope @ covariance @ slope))
