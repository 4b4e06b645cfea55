"""Maximum likelihood by L-BFGS, with standard errors from the observed information."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from nde.core.count import divisor_of
from nde.train.likelihood import log_density
from nde.train.optimizer import with_standard_promotion
from nde.train.progress import Progress
from nde.train.protocol import Stochastic

_TOLERANCE = 1e-7
"""The norm of the gradient of the mean log-density below which the fit has converged."""
_SINGULAR = 1e-9
"""The smallest eigenvalue of an information matrix with unit diagonal that is distinguishable from zero."""


def maximize_likelihood(
    model: Any, pairs: Any, noise: Array, steps: int, progress: Progress
) -> tuple[Any, np.ndarray, dict[str, float | None]]:
    """Return the model of maximum likelihood, the loss of each step, and the standard errors."""
    weights, static = eqx.partition(model, eqx.is_inexact_array)
    count = divisor_of(jnp.asarray(pairs.known), noise.dtype)
    optimizer = with_standard_promotion(optax.lbfgs())

    def loss(weights: PyTree[Any], data: tuple[Any, Array]) -> Array:
        return -jnp.sum(log_density(eqx.combine(weights, static), *data)) / count

    data = (pairs, noise)

    @jax.jit
    def step(weights: PyTree[Any], state: Any, data: tuple[Any, Array]) -> tuple[PyTree[Any], Any, Array, Array]:
        def of_weights(each: PyTree[Any]) -> Array:
            return loss(each, data)

        value, gradient = optax.value_and_grad_from_state(of_weights)(weights, state=state)
        updates, state = optimizer.update(gradient, state, weights, value=value, grad=gradient, value_fn=of_weights)
        return optax.apply_updates(weights, updates), state, jnp.asarray(value), jnp.asarray(optax.tree.norm(gradient))

    state, losses = jax.tree.map(lambda x: jnp.asarray(x, x.dtype), optimizer.init(weights)), []
    for done in range(1, steps + 1):
        weights, state, value, norm = step(weights, state, data)
        losses.append(float(value))
        progress(done, steps, losses[-1])
        if not norm > _TOLERANCE:
            progress(steps, steps, losses[-1])
            break
    found = eqx.combine(weights, static)
    return found, np.array(losses), standard_errors(found, count * observed_information(loss, weights, data))


def observed_information(
    loss: Callable[[PyTree[Any], Any], Array], weights: PyTree[Any], data: Any
) -> Float[Array, "weights weights"]:
    """Return the Hessian of a loss: the observed information if the loss is a negative log-likelihood."""
    flat, unravel = ravel_pytree(weights)
    return jax.jit(jax.hessian(lambda x, data: loss(unravel(x), data)))(flat, data)


def standard_errors(model: Stochastic, information: Float[Array, "weights weights"]) -> dict[str, float | None]:
    """Return the standard errors of `model.natural()` by the delta method; `None` if the data do not identify them.

    Args:
        model: The model of maximum likelihood.
        information: The observed information of its weights.
    """
    covariance = _inverse(np.asarray(information))
    weights, static = eqx.partition(model, eqx.is_inexact_array)
    flat, unravel = ravel_pytree(weights)

    def natural(x: Array) -> dict[str, Array]:
        return eqx.combine(unravel(x), static).natural()

    gradients = jax.jacobian(natural)(flat)
    return {name: _standard_error(np.asarray(gradient), covariance) for name, gradient in gradients.items()}


def _inverse(matrix: Float[np.ndarray, "weights weights"]) -> Float[np.ndarray, "weights weights"] | None:
    """Return the inverse, or `None` if the matrix is not positive definite."""
    diagonal = np.diag(matrix)
    if not np.isfinite(matrix).all() or (diagonal <= 0).any():
        return None
    size = np.sqrt(np.outer(diagonal, diagonal))
    if np.linalg.eigvalsh(matrix / size)[0] < _SINGULAR:
        return None
    return np.linalg.inv(matrix / size) / size


def _standard_error(gradient: Float[np.ndarray, " weights"], covariance: np.ndarray | None) -> float | None:
    return None if covariance is None else float(np.sqrt(gradient @ covariance @ gradient))
