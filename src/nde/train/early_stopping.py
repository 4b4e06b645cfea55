"""Fit a model by its likelihood with early stopping."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, PyTree

from nde.core.count import divisor_of
from nde.train.likelihood import log_density
from nde.train.optimizer import clipped_adam
from nde.train.progress import Progress

_CHUNK = 50
"""Steps between two progress reports."""
_TRAINING_SHARE = 0.8
"""The share of each series that is trained on while the number of steps is chosen."""
_PATIENCE = 100
"""Steps without an improvement on the rest after which to stop."""
_LEARNING_RATE = 5e-3


class _State(eqx.Module):
    """The state of the descent."""

    weights: PyTree[Array | None]
    optimizer: PyTree[Any]


def fit_with_early_stopping(
    model: Any, pairs: Any, noise: Array, steps: int, progress: Progress
) -> tuple[Any, np.ndarray]:
    """Choose the number of steps on the last part of each series, then make that many steps on all data.

    Returns:
        The model, and the loss of each step.
    """
    weights, static = eqx.partition(model, eqx.is_inexact_array)
    optimizer = clipped_adam(_LEARNING_RATE, steps)
    columns = pairs.known.shape[1]

    def losses(weights: PyTree[Any], training: Array) -> tuple[Array, Array]:
        values = log_density(eqx.combine(weights, static), pairs, noise) / columns
        seen, unseen = (
            -jnp.sum(jnp.where(part, values, 0.0)) / divisor_of(part, values.dtype) for part in (training, ~training)
        )
        return seen, unseen

    def step(state: _State, training: Array, active: Array) -> tuple[_State, Array]:
        (seen, unseen), gradient = jax.value_and_grad(losses, has_aux=True)(state.weights, training)
        updates, optimizer_state = optimizer.update(gradient, state.optimizer, state.weights)
        after = _State(optax.apply_updates(state.weights, updates), optimizer_state)
        return jax.tree.map(lambda new, old: jnp.where(active, new, old), after, state), jnp.stack([seen, unseen])

    @jax.jit
    def chunk(state: _State, training: Array, left: Array) -> tuple[_State, Array]:
        return jax.lax.scan(lambda s, i: step(s, training, i < left), state, jnp.arange(_CHUNK))

    def descend(count: int, training: Array, before: int, *, patient: bool) -> tuple[PyTree[Any], np.ndarray]:
        state, history = _State(weights, optimizer.init(weights)), []
        for done in range(0, count, _CHUNK):
            state, values = chunk(state, training, jnp.asarray(count - done))
            history.append(np.asarray(values))
            progress(before + min(done + _CHUNK, count), 2 * steps, float(values[-1, 0]))
            unseen = np.concatenate(history)[:, 1]
            if patient and len(unseen) - _best_step(unseen) > _PATIENCE:
                break
        return state.weights, np.concatenate(history)[:count]

    training, best = pairs.order <= _TRAINING_SHARE, steps
    if 0 < jnp.sum(training) < training.size:
        best = max(1, _best_step(descend(steps, training, 0, patient=True)[1][:, 1]))
    found, values = descend(best, jnp.ones_like(training), steps, patient=False)
    progress(2 * steps, 2 * steps, float(values[-1, 0]))
    return eqx.combine(found, static), values[:, 0]


def _best_step(losses: Float[np.ndarray, " steps"]) -> int:
    """Return the step with the lowest loss."""
    return int(np.argmin(np.where(np.isnan(losses), np.inf, losses)))
