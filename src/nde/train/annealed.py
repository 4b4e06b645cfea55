"""Batches with an annealed weight."""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.train.batches import Batches, as_batches


class AnnealedBatch(eqx.Module):
    """A batch and the weight of a penalty at the step that sees it.

    Attributes:
        batch: The batch.
        weight: The weight.

    Example:
        See `Annealed`.
    """

    batch: PyTree[Any]
    weight: Float[Array, ""]


class Annealed:
    """Batches with a weight that rises linearly from `start` to `end`, such as that of a KL divergence.

    A loss does not know the number of its step. A weight that depends on it is part of the data instead, so that a
    resumed run continues with the right weight.

    Args:
        source: An `nde.data.Loader`, another source of batches, or a single batch.
        steps: The number of batches after which the weight is `end`.
        start: The first weight.
        end: The last weight.

    Raises:
        ValueError: If `steps` is less than 1, or a weight is negative.

    Example:
        ```python
        import numpy as np
        from nde.data import ArrayLoader
        from nde.train import Annealed

        batches = Annealed(ArrayLoader(np.arange(8.0), batch_size=4), steps=2)
        print([float(next(batches).weight) for _ in range(4)])
        ```
    """

    def __init__(self, source: Batches | PyTree[Any], steps: int, *, start: float = 0.0, end: float = 1.0) -> None:
        if steps < 1:
            raise ValueError(f"steps must be at least 1; got {steps}.")
        if min(start, end) < 0:
            raise ValueError(f"start and end must be non-negative weights; got {start} and {end}.")
        self._source = as_batches(source, "data")
        self._steps, self._start, self._end, self._done = steps, start, end, 0

    def __next__(self) -> AnnealedBatch:
        share = min(1.0, self._done / self._steps)
        self._done += 1
        return self._weighted(next(self._source), self._start + share * (self._end - self._start))

    def epoch(self) -> Iterator[AnnealedBatch]:
        """Iterate over the rest of the source's epoch, with the last weight: for validation.

        Example:
            See `Annealed`.
        """
        for batch in self._source.epoch():
            yield self._weighted(batch, self._end)

    @property
    def state(self) -> dict[str, Any]:
        """The number of batches drawn, and the state of the source."""
        weights = {"steps": self._steps, "start": self._start, "end": self._end}
        return {"done": self._done, "source": self._source.state, **weights}

    def at(self, state: Mapping[str, Any]) -> "Annealed":
        """Return a copy that continues from a state.

        Raises:
            ValueError: If the state has other weights.

        Example:
            See `Annealed`.
        """
        for name in ("steps", "start", "end"):
            if state[name] != self.state[name]:
                raise ValueError(
                    f"The state is that of batches with {name}={state[name]}, but these have "
                    f"{name}={self.state[name]}. Pass the same weights to resume."
                )
        restored = Annealed(self._source.at(state["source"]), self._steps, start=self._start, end=self._end)
        restored._done = int(state["done"])
        return restored

    def _weighted(self, batch: PyTree[Any], weight: float) -> AnnealedBatch:
        return AnnealedBatch(batch, jnp.asarray(weight, float))
