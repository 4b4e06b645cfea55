"""To the maximum of a likelihood by a quasi-Newton method."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, PyTree

from nde.core.count import divisor_of
from nde.train.information import information, standard_errors
from nde.train.likelihood import log_density
from nde.train.progress import Progress
from nde.train.promotion import promoting

_TOLERANCE = 1e-7
"""The gradient of the mean of the log density, where a maximum is reached."""


def maximized(
    model: Any, pairs: Any, noise: Array, steps: int, progress: Progress
) -> tuple[Any, np.ndarray, dict[str, float | None]]:
    """The model at the maximum of its likelihood, the losses on the way, and the standard errors there."""
    weights, static = eqx.partition(model, eqx.is_inexact_array)
    count = divisor_of(jnp.asarray(pairs.known), noise.dtype)
    solver = promoting(optax.lbfgs())

    def loss(weights: PyTree[Any], data: tuple[Any, Array]) -> Array:
        return -jnp.sum(log_density(eqx.combine(weights, static), *data)) / count

    data = (pairs, noise)

    @jax.jit
    def step(weights: PyTree[Any], state: Any, data: tuple[Any, Array]) -> tuple[PyTree[Any], Any, Array, Array]:
        def of_weights(each: PyTree[Any]) -> Array:
            return loss(each, data)

        value, slope = optax.value_and_grad_from_state(of_weights)(weights, state=state)
        updates, state = solver.update(slope, state, weights, value=value, grad=slope, value_fn=of_weights)
        return optax.apply_updates(weights, updates), state, jnp.asarray(value), jnp.asarray(optax.tree.norm(slope))

    state, losses = jax.tree.map(lambda x: jnp.asarray(x, x.dtype), solver.init(weights)), []
    for done in range(1, steps + 1):
        weights, state, value, slope = step(weights, state, data)
        losses.append(float(value))
        progress(done, steps, losses[-1])
        if not slope > _TOLERANCE:
            progress(steps, steps, losses[-1])
            break
    found = eqx.combine(weights, static)
    return found, np.array(losses), standard_errors(found, count * information(loss, weights, data))
