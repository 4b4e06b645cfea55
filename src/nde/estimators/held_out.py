"""Losses of an ensemble whose members each leave out a part of the series."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from nde.data import Batch
from nde.estimators.folds import Folds
from nde.models import DeepEnsemble

SeriesLoss = Callable[[Float[Array, "series output"], Array], Float[Array, " series"]]
BatchLoss = Callable[[DeepEnsemble, Batch, Any], Float[Array, ""]]


def member_outputs(model: DeepEnsemble, batch: Batch) -> Float[Array, "members series output"]:
    """The output of each member for each series of a batch."""
    return model.each(lambda each: jax.vmap(each)(batch.ts, batch.ys, batch.lengths, batch.static))


def weighted_loss(loss: SeriesLoss, folds: Folds | None, weights: Float[np.ndarray, " series"]) -> BatchLoss:
    """The mean loss over members and series, each member without the fold that it leaves out.

    Args:
        loss: The loss of each series.
        folds: What members leave out; by default nothing.
        weights: The weight of each series.
    """
    shares = jnp.asarray(weights, float)[None]
    shares = shares if folds is None else folds.training() * shares

    def of_batch(model: DeepEnsemble, batch: Batch, key: Any) -> Array:
        del key
        losses = _losses(loss, model, batch)
        own = jnp.broadcast_to(shares[:, batch.index] * batch.weights[None], losses.shape)
        total = own.sum()
        return (losses * own).sum() / jnp.where(total > 0, total, 1.0)

    return of_batch


def left_out_metric(loss: SeriesLoss, folds: Folds, weights: Float[np.ndarray, " series"]) -> BatchLoss:
    """The loss of each series for the member that leaves it out; its mean over batches is that over these series."""
    left_out = np.where(folds.held, weights, 0.0)
    # Batches count by their numbers of series, of which not all are left out.
    shares = (1 - folds.training()) * jnp.asarray(left_out / left_out.mean(), float)[None]

    def of_batch(model: DeepEnsemble, batch: Batch, key: Any) -> Array:
        del key
        own = shares[:, batch.index] * batch.weights[None]
        return (_losses(loss, model, batch) * own).sum() / batch.weights.sum()

    return of_batch


def _losses(loss: SeriesLoss, model: DeepEnsemble, batch: Batch) -> Float[Array, "members series"]:
    targets = jnp.asarray(batch.targets)
    return jax.vmap(lambda outputs: loss(outputs, targets))(member_outputs(model, batch))
