"""The sources of batches that training draws from."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np
from jaxtyping import PyTree

from nde.core.device import to_device


@runtime_checkable
class Batches(Protocol):
    """Protocol of a source of batches for `fit`: `nde.data.Loader`, `nde.data.ArrayLoader`, or a class of your own.

    Example:
        ```python
        import numpy as np
        from nde.data import ArrayLoader
        from nde.train import Batches

        assert isinstance(ArrayLoader(np.zeros(10), batch_size=5), Batches)
        ```
    """

    def __next__(self) -> PyTree[Any]:
        """Return the next batch, a pytree of arrays. The source never ends."""
        ...

    def epoch(self) -> Iterator[PyTree[Any]]:
        """Iterate over the rest of this epoch."""
        ...

    @property
    def state(self) -> dict[str, Any]:
        """The position and the identity of the data, as a dictionary that fits into a JSON file."""
        ...

    def at(self, state: Mapping[str, Any]) -> "Batches":
        """Return a copy that continues from a state; raise an error if the state is that of other data."""
        ...


class OneBatch:
    """The same batch at each step."""

    def __init__(self, batch: PyTree[Any]) -> None:
        self._batch = jax.tree.map(to_device, batch)

    def __next__(self) -> PyTree[Any]:
        return self._batch

    def epoch(self) -> Iterator[PyTree[Any]]:
        """Yield the batch once."""
        yield self._batch

    @property
    def state(self) -> dict[str, Any]:
        """The shapes of the arrays."""
        return {"shapes": [list(leaf.shape) for leaf in jax.tree.leaves(self._batch)]}

    def at(self, state: Mapping[str, Any]) -> "OneBatch":
        """Return the source itself.

        Raises:
            ValueError: If the shapes differ.
        """
        if state != self.state:
            raise ValueError(
                f"The state is that of arrays of the shapes {state.get('shapes')}, but these have the shapes "
                f"{self.state['shapes']}. Pass the same data to resume."
            )
        return self


def as_batches(data: Any, what: str) -> Batches:
    """Convert data to a source of batches, leaving a given source at its position.

    Args:
        data: A source, or a single batch: a pytree of arrays.
        what: The name of the data in error messages.

    Raises:
        ValueError: If there are no data.
    """
    if isinstance(data, Batches):
        return data.at(data.state)
    leaves = jax.tree.leaves(data)
    odd = next((leaf for leaf in leaves if not isinstance(leaf, jax.Array | np.ndarray)), None)
    if odd is not None:
        raise ValueError(
            f"The {what} must be a loader (`nde.data.Loader`, `nde.data.ArrayLoader`), a batch, or a pytree of arrays; "
            f"got a leaf of type {type(odd).__name__}."
        )
    if not any(leaf.size for leaf in leaves):
        raise ValueError(f"The {what} must contain at least one array with rows; got none.")
    return OneBatch(data)


def weight_of(batch: PyTree[Any]) -> float:
    """Return the weight of a batch in a mean over batches: the sum of its `weights`, or its number of rows."""
    weights = getattr(batch, "weights", None)
    if weights is not None:
        return float(np.sum(np.asarray(weights)))
    return float(rows_of(batch) or 1)


def rows_of(batch: PyTree[Any]) -> int | None:
    """Return the number of rows: the common length of all leading axes, or of `weights`; `None` if there is none."""
    weights = getattr(batch, "weights", None)
    if weights is not None:
        return len(weights)
    counts = {leaf.shape[0] for leaf in jax.tree.leaves(batch) if np.ndim(leaf)}
    return counts.pop() if len(counts) == 1 else None
