"""Batches that teach a latent ODE to extrapolate."""

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

_ANNEALING_SHARE = 0.5
"""The share of the steps in which the weight of the KL divergence rises to one."""
_MIN_SEEN = 3
"""The minimum number of rows that the encoder reads, if there are as many."""


class Cut(eqx.Module):
    """A batch of series whose first rows are encoded and all rows are predicted.

    Attributes:
        batch: The series.
        seen: The number of encoded rows of each series.
        weight: The weight of the KL divergence.
    """

    batch: Batch
    seen: Int[Array, " series"]
    weight: Float[Array, ""]


class Cuts:
    """A source of batches of random series, half of which are cut at a random row; the others are encoded whole."""

    def __init__(self, batch: Batch, size: int, *, steps: int, seed: int) -> None:
        self._all: Batch = jax.tree.map(np.asarray, batch)
        self._steps, self._seed, self._done = steps, seed, 0
        self._lengths = np.asarray(batch.lengths)
        self._size = min(size, len(self._lengths))

    def __next__(self) -> Cut:
        random = np.random.default_rng((self._seed, self._done))
        indices = random.choice(len(self._lengths), self._size, replace=False)
        lengths = self._lengths[indices]
        cuts = random.integers(np.minimum(_MIN_SEEN, lengths), lengths + 1)
        seen = np.where(random.random(self._size) < 0.5, lengths, cuts)
        weight = min(1.0, self._done / (_ANNEALING_SHARE * self._steps))
        self._done += 1
        batch = jax.tree.map(lambda leaf: to_device(leaf[indices]), self._all)
        return Cut(batch, jnp.asarray(seen), jnp.asarray(weight, float))

    def epoch(self) -> Iterator[Cut]:
        """Yield a single batch."""
        yield next(self)

    @property
    def state(self) -> dict[str, Any]:
        """The number of batches drawn."""
        return {"done": self._done}

    def at(self, state: Mapping[str, Any]) -> "Cuts":
        """Return a copy that continues from a state."""
        restored = Cuts(self._all, self._size, steps=self._steps, seed=self._seed)
        restored._done = state["done"]
        return restored


def cut_loss(model: LatentODE, cut: Cut, key: PRNGKeyArray) -> Float[Array, ""]:
    """Return the loss of a batch per observed value."""
    keys = jax.random.split(key, len(cut.seen))

    def loss(ts: Array, ys: Array, length: Array, key: PRNGKeyArray, seen: Array) -> Array:
        return model.loss(ts, ys, length, key, seen=seen, weight=cut.weight)

    batch = cut.batch
    losses = jax.vmap(loss)(batch.ts, batch.ys, batch.lengths, keys, cut.seen)
    is_row = jax.vmap(lambda length: first_of(batch.ts.shape[1], length))(batch.lengths)
    return jnp.sum(losses) / divisor_of(is_row[..., None] & ~jnp.isnan(batch.ys), losses.dtype)
