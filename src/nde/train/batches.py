"""Where the batches of a training come from."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np
from jaxtyping import PyTree

from nde.core.device import to_device


@runtime_checkable
class Batches(Protocol):
    """What `fit` draws batches from: `nde.data.Loader`, `nde.data.ArrayLoader`, or a class of one's own.

    Example:
        ```python
        import numpy as np
        from nde.data import ArrayLoader
        from nde.train import Batches

        assert isinstance(ArrayLoader(np.zeros(10), batch_size=5), Batches)
        ```
    """

    def __next__(self) -> PyTree[Any]:
        """The next batch, without end: a pytree of arrays."""
        ...

    def epoch(self) -> Iterator[PyTree[Any]]:
        """The batches left of this epoch."""
        ...

    @property
    def state(self) -> dict[str, Any]:
        """Where it is, and what it draws from: a dictionary for a JSON file."""
        ...

    def at(self, state: Mapping[str, Any]) -> "Batches":
        """One that goes on from a state; refuses that of other data."""
        ...


class OneBatch:
    """The same batch again and again."""

    def __init__(self, batch: PyTree[Any]) -> None:
        self._batch = jax.tree.map(to_device, batch)

    def __next__(self) -> PyTree[Any]:
        return self._batch

    def epoch(self) -> Iterator[PyTree[Any]]:
        """The one."""
        yield self._batch

    @property
    def state(self) -> dict[str, Any]:
        """The shapes."""
        return {"shapes": [list(leaf.shape) for leaf in jax.tree.leaves(self._batch)]}

    def at(self, state: Mapping[str, Any]) -> "OneBatch":
        """Itself.

        Raises:
            ValueError: If the shapes are other ones.
        """
        if state != self.state:
            raise ValueError(
                f"Got a state of arrays of the shapes {state.get('shapes')}, and these have {self.state['shapes']}; "
                "the same data are wanted."
            )
        return self


def as_batches(data: Any, what: str) -> Batches:
    """A source of its own for a training, which leaves the one given where it is.

    Args:
        data: A source, or a pytree of arrays, which is one batch.
        what: What errors call it.

    Raises:
        ValueError: If there are no data.
    """
    if isinstance(data, Batches):
        return data.at(data.state)
    leaves = jax.tree.leaves(data)
    odd = next((leaf for leaf in leaves if not isinstance(leaf, jax.Array | np.ndarray)), None)
    if odd is not None:
        raise ValueError(
            f"Got {what} with a leaf of the type {type(odd).__name__}; a loader (`nde.data.Loader`, "
            "`nde.data.ArrayLoader`), a batch or a pytree of arrays is wanted."
        )
    if not any(leaf.size for leaf in leaves):
        raise ValueError(f"Got {what} without numbers; at least one array with rows is wanted.")
    return OneBatch(data)


def weight_of(batch: PyTree[Any]) -> float:
    """How much the mean over a batch counts: the sum of its `weights`, or its number of rows."""
    weights = getattr(batch, "weights", None)
    if weights is not None:
        return float(np.sum(np.asarray(weights)))
    return float(rows_of(batch) or 1)


def rows_of(batch: PyTree[Any]) -> int | None:
    """The length of the leading axis that all arrays of a batch share, or its `weights`; `None` if there is none."""
    weights = getattr(batch, "weights", None)
    if weights is not None:
        return len(weights)
    counts = {leaf.shape[0] for leaf in jax.tree.leaves(batch) if np.ndim(leaf)}
    return counts.pop() if len(counts) == 1 else None
