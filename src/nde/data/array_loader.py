"""Batches of arrays, in a resumable order."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from nde.data.panel.shuffle import shuffled
from nde.data.table import DataError


class ArrayLoader:
    """Endless iterator over batches of rows of arrays, epoch after epoch. For panels of series, use `Loader`.

    The order of an epoch depends only on the seed and the number of the epoch. By default, rows that do not fill a last
    batch are left out of the epoch; with shuffling, they are different rows in each epoch.

    Args:
        arrays: A pytree of arrays with a common leading axis, that of the rows.
        batch_size: Number of rows in a batch; if there are fewer rows, all of them.
        seed: Seed of the order, non-negative.
        drop_last: Whether to drop a last batch that is not full. If not, it is smaller and is compiled separately.
        shuffle: Whether the order is random.

    Raises:
        DataError: If there are no rows, the arrays have different numbers of rows, or `batch_size` is less than one.

    Example:
        ```python
        import numpy as np
        from nde.data import ArrayLoader

        loader = ArrayLoader((np.arange(10.0), np.arange(10) % 2), batch_size=4, seed=0)
        for x, label in loader.epoch():
            print(x, label)
        ```
    """

    def __init__(
        self, arrays: PyTree[Any], batch_size: int, *, seed: int = 0, drop_last: bool = True, shuffle: bool = True
    ) -> None:
        if batch_size < 1:
            raise DataError(f"batch_size must be at least 1; got {batch_size}.")
        self._arrays = jax.tree.map(np.asarray, arrays)
        self._rows = _count_rows(self._arrays)
        self._settings = {"seed": seed, "batch_size": batch_size, "drop_last": drop_last, "shuffle": shuffle}
        self._size = min(batch_size, self._rows)
        self._epoch, self._position = 0, 0
        self._order = self._order_of(0)

    def __iter__(self) -> Iterator[PyTree[Any]]:
        return self

    def __next__(self) -> PyTree[Any]:
        if self._position == len(self):
            self._move(self._epoch + 1, 0)
        rows = self._order[self._position * self._size : (self._position + 1) * self._size]
        self._position += 1
        return jax.tree.map(lambda array: array[rows], self._arrays)

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        full = self._rows // self._size
        return full if self._settings["drop_last"] else -(-self._rows // self._size)

    def epoch(self) -> Iterator[PyTree[Any]]:
        """Iterate over the remaining batches of this epoch, or over the next epoch if none remain.

        Example:
            ```python
            import numpy as np
            from nde.data import ArrayLoader

            loader = ArrayLoader(np.arange(5), batch_size=2, shuffle=False, drop_last=False)
            print(list(loader.epoch()))
            ```
        """
        for _ in range(len(self) - self._position % len(self)):
            yield next(self)

    @property
    def state(self) -> dict[str, Any]:
        """State of the iteration: `epoch`, `position` (number of batches drawn in it), and the loader's settings."""
        return {"epoch": self._epoch, "position": self._position, "rows": self._rows, **self._settings}

    def at(self, state: Mapping[str, Any]) -> "ArrayLoader":
        """Create a loader of the same arrays that resumes from a state.

        Args:
            state: The `state` of a loader with the same arrays and settings.

        Returns:
            The loader.

        Raises:
            DataError: If the state is of a loader with other settings or another number of rows.

        Example:
            ```python
            import numpy as np
            from nde.data import ArrayLoader

            loader = ArrayLoader(np.arange(10), batch_size=4)
            next(loader)
            assert (next(loader.at(loader.state)) == next(loader)).all()
            ```
        """
        for name, mine in self.state.items():
            if name not in {"epoch", "position"} and state.get(name) != mine:
                raise DataError(
                    f"Cannot resume from a state with {name} {state.get(name)}; this loader has {name} {mine}. Use the "
                    "same arrays and settings."
                )
        settings = {name: self._settings[name] for name in ("seed", "drop_last", "shuffle")}
        loader = ArrayLoader(self._arrays, self._settings["batch_size"], **settings)
        loader._move(int(state["epoch"]), int(state["position"]))
        return loader

    def _move(self, epoch: int, position: int) -> None:
        if epoch != self._epoch:
            self._order = self._order_of(epoch)
        self._epoch, self._position = epoch, position

    def _order_of(self, epoch: int) -> np.ndarray:
        shuffle = self._settings["shuffle"]
        return shuffled(self._rows, self._settings["seed"], epoch) if shuffle else np.arange(self._rows)


def _count_rows(arrays: PyTree[Any]) -> int:
    shapes = [leaf.shape for leaf in jax.tree.leaves(arrays)]
    counts = {shape[:1] for shape in shapes}
    if len(counts) != 1 or counts in ({()}, {(0,)}):
        raise DataError(f"Arrays must have the same number of rows, and at least one; got shapes {shapes}.")
    return int(shapes[0][0])
