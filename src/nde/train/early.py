"""Descent on a likelihood that stops early."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, PyTree

from nde.core.count import divisor_of
from nde.train.likelihood import log_density
from nde.train.progress import Progress
from nde.train.promotion import promoting

_CHUNK = 50
"""Steps between two reports."""
_TAIL = 0.8
"""Where in a series the pairs begin that tell when to stop."""
_PATIENCE = 100
"""Steps in which it has to get better there."""
_LEARNING_RATE = 5e-3


class _Place(eqx.Module):
    """Where a descent is."""

    weights: PyTree[Array | None]
    optimizer: PyTree[Any]


def stopped_early(model: Any, pairs: Any, noise: Array, steps: int, progress: Progress) -> tuple[Any, np.ndarray]:
    """The model after as many steps as serve the last part of each series best, and the losses on the way.

    That part is not learned while the steps are counted; then as many are made on all of it.
    """
    weights, static = eqx.partition(model, eqx.is_inexact_array)
    descending = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(_LEARNING_RATE))
    optimizer = promoting(optax.apply_if_finite(descending, steps))
    columns = pairs.known.shape[1]

    def losses(weights: PyTree[Any], learned: Array) -> tuple[Array, Array]:
        values = log_density(eqx.combine(weights, static), pairs, noise) / columns
        seen, unseen = (
            -jnp.sum(jnp.where(part, values, 0.0)) / divisor_of(part, values.dtype) for part in (learned, ~learned)
        )
        return seen, unseen

    def step(place: _Place, learned: Array, counts: Array) -> tuple[_Place, Array]:
        (seen, unseen), slope = jax.value_and_grad(losses, has_aux=True)(place.weights, learned)
        updates, state = optimizer.update(slope, place.optimizer, place.weights)
        moved = _Place(optax.apply_updates(place.weights, updates), state)
        return jax.tree.map(lambda new, old: jnp.where(counts, new, old), moved, place), jnp.stack([seen, unseen])

    @jax.jit
    def chunk(place: _Place, learned: Array, left: Array) -> tuple[_Place, Array]:
        return jax.lax.scan(lambda p, i: step(p, learned, i < left), place, jnp.arange(_CHUNK))

    def descent(count: int, learned: Array, before: int, *, patient: bool) -> tuple[PyTree[Any], np.ndarray]:
        place, told = _Place(weights, optimizer.init(weights)), []
        for done in range(0, count, _CHUNK):
            place, values = chunk(place, learned, jnp.asarray(count - done))
            told.append(np.asarray(values))
            progress(before + min(done + _CHUNK, count), 2 * steps, float(values[-1, 0]))
            unseen = np.concatenate(told)[:, 1]
            if patient and len(unseen) - _least(unseen) > _PATIENCE:
                break
        return place.weights, np.concatenate(told)[:count]

    learned, best = pairs.order <= _TAIL, steps
    if 0 < jnp.sum(learned) < learned.size:
        best = max(1, _least(descent(steps, learned, 0, patient=True)[1][:, 1]))
    found, values = descent(best, jnp.ones_like(learned), steps, patient=False)
    progress(2 * steps, 2 * steps, float(values[-1, 0]))
    return eqx.combine(found, static), values[:, 0]


def _least(losses: Float[np.ndarray, " steps"]) -> int:
    """The step with the least loss."""
    return int(np.argmin(np.where(np.isnan(losses), np.inf, losses)))
