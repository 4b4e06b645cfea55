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
MemberOutputs = Callable[[DeepEnsemble, Batch, Any], Float[Array, "members series output"]]
"""The output of each member for each series of a batch; the key is for dropout, and none for predictions."""


def weighted_loss(
    outputs: MemberOutputs, loss: SeriesLoss, folds: Folds | None, weights: Float[np.ndarray, " series"]
) -> BatchLoss:
    """The mean loss over members and series, each member without the fold that it leaves out.

    Args:
        outputs: The outputs of the members.
        loss: The loss of each series.
        folds: What members leave out; none for series of validation, which are predicted without randomness.
        weights: The weight of each series.
    """
    shares = jnp.asarray(weights, float)[None]
    shares = shares if folds is None else folds.training() * shares

    def of_batch(model: DeepEnsemble, batch: Batch, key: Any) -> Array:
        losses = _losses(loss, outputs(model, batch, None if folds is None else key), batch)
        own = jnp.broadcast_to(shares[:, batch.index] * batch.weights[None], losses.shape)
        total = own.sum()
        return (losses * own).sum() / jnp.where(total > 0, total, 1.0)

    return of_batch


def left_out_metric(
    outputs: MemberOutputs, loss: SeriesLoss, folds: Folds, weights: Float[np.ndarray, " series"]
) -> BatchLoss:
    """The loss of each series for the member that leaves it out; its mean over batches is that over these series."""
    left_out = np.where(folds.held, weights, 0.0)
    # Batches count by their numbers of series, of which not all are left out.
    shares = (1 - folds.training()) * jnp.asarray(left_out / left_out.mean(), float)[None]

    def of_batch(model: DeepEnsemble, batch: Batch, key: Any) -> Array:
        del key
        own = shares[:, batch.index] * batch.weights[None]
        return (_losses(loss, outputs(model, batch, None), batch) * own).sum() / batch.weights.sum()

    return of_batch


def _losses(
    loss: SeriesLoss, outputs: Float[Array, "members series output"], batch: Batch
) -> Float[Array, "members series"]:
    targets = jnp.asarray(batch.targets)
    return jax.vmap(lambda each: loss(each, targets))(outputs)
