"""Recurrent models, and series to classify."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from nde import TimeSeries
from nde.data import Batch, pad
from nde.models import GRUD, ODERNN, GRUDeltaT
from nde.train.optimizer import with_standard_promotion

MODELS = {"GRUDeltaT": GRUDeltaT, "GRUD": GRUD, "ODERNN": ODERNN}


def waves(series: int, seed: int) -> Batch:
    """Two irregular channels with missing values, of which the class decides which one is ahead.

    No mean, standard deviation or single row reveals the class.
    """
    random = np.random.default_rng(seed)
    values, ts, targets = [], [], np.arange(series) % 2
    for target in targets:
        times = np.sort(random.choice(60, random.integers(14, 20), replace=False)) / 60
        phase = 2 * np.pi * (2.5 * times + random.random())
        ys = np.stack([np.sin(phase), np.sin(phase + (np.pi / 2 if target else -np.pi / 2))], axis=1)
        gaps = random.random(ys.shape) < 0.2
        gaps[0] = False
        values.append(np.where(gaps, np.nan, ys + 0.05 * random.normal(size=ys.shape)))
        ts.append(times)
    return pad(TimeSeries.from_arrays(values, ts, targets=targets), length=20)


def logits(model, batch: Batch):
    return jax.vmap(model)(batch.ts, batch.ys, batch.lengths, batch.static)


@eqx.filter_jit
def accuracy(model, batch: Batch):
    return jnp.mean(jnp.argmax(logits(model, batch), axis=1) == batch.targets)


@eqx.filter_jit
def train(model, batch: Batch, steps: int, rate: float = 1e-2):
    """Train a model on the cross-entropy of the whole batch."""
    weights, rest = eqx.partition(model, eqx.is_inexact_array)
    optimizer = with_standard_promotion(optax.adam(rate))

    def loss(weights):
        predictions = logits(eqx.combine(weights, rest), batch)
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(predictions, batch.targets))

    def step(carry, _):
        weights, state = carry
        updates, state = optimizer.update(jax.grad(loss)(weights), state)
        return (optax.apply_updates(weights, updates), state), None

    (weights, _), _ = jax.lax.scan(step, (weights, optimizer.init(weights)), None, steps)
    return eqx.combine(weights, rest)
