"""Batches with a weight that rises while a model is trained."""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.train.batches import Batches, as_batches


class AnnealedBatch(eqx.Module):
    """A batch, and the weight of a penalty at the step that sees it.

    Attributes:
        batch: The batch.
        weight: The weight.

    Example:
        See `Annealed`.
    """

    batch: PyTree[Any]
    weight: Float[Array, ""]


class Annealed:
    """Batches of a source, each with a weight that rises linearly from `start` to `end`: that of a divergence, say.

    A loss is not told the number of its step; a weight that depends on it comes with the data, so that a training that
    is taken up again goes on with the weight it had.

    Args:
        source: An `nde.data.Loader`, another source, or one batch.
        steps: After how many batches the weight is `end`.
        start: The first weight.
        end: The last weight.

    Raises:
        ValueError: If there is no step, or a weight is negative.

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
            raise ValueError(f"Got steps={steps}; at least 1 is wanted, after which the weight is {end}.")
        if min(start, end) < 0:
            raise ValueError(f"Got the weights start={start} and end={end}; numbers that are not negative are wanted.")
        self._source = as_batches(source, "data")
        self._steps, self._start, self._end, self._done = steps, start, end, 0

    def __next__(self) -> AnnealedBatch:
        share = min(1.0, self._done / self._steps)
        self._done += 1
        return self._weighted(next(self._source), self._start + share * (self._end - self._start))

    def epoch(self) -> Iterator[AnnealedBatch]:
        """The batches left of this epoch of the source, with the last weight: to judge a model by.

        Example:
            See `Annealed`.
        """
        for batch in self._source.epoch():
            yield self._weighted(batch, self._end)

    @property
    def state(self) -> dict[str, Any]:
        """How many batches were drawn, and where the source is."""
        weights = {"steps": self._steps, "start": self._start, "end": self._end}
        return {"done": self._done, "source": self._source.state, **weights}

    def at(self, state: Mapping[str, Any]) -> "Annealed":
        """One that goes on from there.

        Raises:
            ValueError: If that one had other weights.

        Example:
            See `Annealed`.
        """
        for name in ("steps", "start", "end"):
            if state[name] != self.state[name]:
                raise ValueError(
                    f"Got a state with {name} {state[name]}, and this has {self.state[name]}; the same are wanted."
                )
        again = Annealed(self._source.at(state["source"]), self._steps, start=self._start, end=self._end)
        again._done = int(state["done"])
        return again

    def _weighted(self, batch: PyTree[Any], weight: float) -> AnnealedBatch:
        return AnnealedBatch(batch, jnp.asarray(weight, float))
