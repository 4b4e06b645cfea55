"""Batches from which a latent model learns to go on."""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.core.count import divisor_of, first_of
from nde.core.device import to_device
from nde.data import Batch
from nde.models.latent.latent_ode import LatentODE

_ANNEALED = 0.5
"""The share of the steps in which the weight of the divergence rises to one."""
_LEAST_SEEN = 3
"""Rows that the encoder reads, at least, if there are as many."""


class Cut(eqx.Module):
    """Series of which a first part is encoded and all is predicted.

    Attributes:
        batch: The series.
        seen: How many rows of each are encoded.
        weight: Of the divergence.
    """

    batch: Batch
    seen: Int[Array, " series"]
    weight: Float[Array, ""]


class Cuts:
    """Draws series at random, and cuts each at random: half of them are seen as a whole."""

    def __init__(self, batch: Batch, size: int, *, steps: int, seed: int) -> None:
        self._all: Batch = jax.tree.map(np.asarray, batch)
        self._steps, self._seed, self._done = steps, seed, 0
        self._lengths = np.asarray(batch.lengths)
        self._size = min(size, len(self._lengths))

    def __next__(self) -> Cut:
        random = np.random.default_rng((self._seed, self._done))
        places = random.choice(len(self._lengths), self._size, replace=False)
        lengths = self._lengths[places]
        cuts = random.integers(np.minimum(_LEAST_SEEN, lengths), lengths + 1)
        seen = np.where(random.random(self._size) < 0.5, lengths, cuts)
        weight = min(1.0, self._done / (_ANNEALED * self._steps))
        self._done += 1
        batch = jax.tree.map(lambda leaf: to_device(leaf[places]), self._all)
        return Cut(batch, jnp.asarray(seen), jnp.asarray(weight, float))

    def epoch(self) -> Iterator[Cut]:
        """One batch."""
        yield next(self)

    @property
    def state(self) -> dict[str, Any]:
        """How many batches were drawn."""
        return {"done": self._done}

    def at(self, state: Mapping[str, Any]) -> "Cuts":
        """One that goes on from there."""
        again = Cuts(self._all, self._size, steps=self._steps, seed=self._seed)
        again._done = state["done"]
        return again


def cut_loss(model: LatentODE, cut: Cut, key: PRNGKeyArray) -> Float[Array, ""]:
    """The loss of a batch, for each observed value."""
    keys = jax.random.split(key, len(cut.seen))

    def loss(ts: Array, ys: Array, length: Array, key: PRNGKeyArray, seen: Array) -> Array:
        return model.loss(ts, ys, length, key, seen=seen, weight=cut.weight)

    batch = cut.batch
    losses = jax.vmap(loss)(batch.ts, batch.ys, batch.lengths, keys, cut.seen)
    own = jax.vmap(lambda length: first_of(batch.ts.shape[1], length))(batch.lengths)
    return jnp.sum(losses) / divisor_of(own[..., None] & ~jnp.isnan(batch.ys), losses.dtype)
