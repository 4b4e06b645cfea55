"""Batches of plain arrays, in an order that can be taken up again."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from nde.data.panel.shuffle import shuffled
from nde.data.table import DataError


class ArrayLoader:
    """Draws batches of rows of arrays without end, epoch after epoch; for panels of series take `Loader`.

    The order of an epoch depends on the seed and its number only. Rows that do not fill a batch at the end of an epoch
    are left out of it: when shuffled, other ones each time.

    Args:
        arrays: A pytree of arrays with one leading axis, that of the rows.
        batch_size: How many rows a batch holds; if there are fewer, all.
        seed: Of the order, not negative.
        drop_last: Whether a last batch that is not full is left out. If not, it is smaller, a shape more to compile.
        shuffle: Whether the order is random.

    Raises:
        DataError: If there are no rows, the arrays disagree on their number, or `batch_size` is less than one.

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
            raise DataError(f"Got the batch size {batch_size}; at least 1 is wanted.")
        self._arrays = jax.tree.map(np.asarray, arrays)
        self._rows = _rows_of(self._arrays)
        self._settings = {"seed": seed, "batch_size": batch_size, "drop_last": drop_last, "shuffle": shuffle}
        self._size = min(batch_size, self._rows)
        self._epoch, self._position = 0, 0
        self._order = self._ordered(0)

    def __iter__(self) -> Iterator[PyTree[Any]]:
        return self

    def __next__(self) -> PyTree[Any]:
        if self._position == len(self):
            self._move(self._epoch + 1, 0)
        rows = self._order[self._position * self._size : (self._position + 1) * self._size]
        self._position += 1
        return jax.tree.map(lambda array: array[rows], self._arrays)

    def __len__(self) -> int:
        """How many batches an epoch has."""
        full = self._rows // self._size
        return full if self._settings["drop_last"] else -(-self._rows // self._size)

    def epoch(self) -> Iterator[PyTree[Any]]:
        """The batches that are left of this epoch, or all of the next if none is left.

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
        """Where the loader is (`epoch` and `position`, the number of batches drawn of it), and what it draws from."""
        return {"epoch": self._epoch, "position": self._position, "rows": self._rows, **self._settings}

    def at(self, state: Mapping[str, Any]) -> "ArrayLoader":
        """A loader of the same arrays that goes on as the one did which had this state.

        Raises:
            DataError: If that one had other settings or another number of rows.

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
                    f"Got a state with {name} {state.get(name)}, and this loader has {mine}; the same arrays and "
                    "settings are wanted."
                )
        settings = {name: self._settings[name] for name in ("seed", "drop_last", "shuffle")}
        loader = ArrayLoader(self._arrays, self._settings["batch_size"], **settings)
        loader._move(int(state["epoch"]), int(state["position"]))
        return loader

    def _move(self, epoch: int, position: int) -> None:
        if epoch != self._epoch:
            self._order = self._ordered(epoch)
        self._epoch, self._position = epoch, position

    def _ordered(self, epoch: int) -> np.ndarray:
        shuffle = self._settings["shuffle"]
        return shuffled(self._rows, self._settings["seed"], epoch) if shuffle else np.arange(self._rows)


def _rows_of(arrays: PyTree[Any]) -> int:
    shapes = [leaf.shape for leaf in jax.tree.leaves(arrays)]
    counts = {shape[:1] for shape in shapes}
    if len(counts) != 1 or counts in ({()}, {(0,)}):
        raise DataError(f"Got arrays of the shapes {shapes}; arrays with the same number of rows are wanted, and rows.")
    return int(shapes[0][0])
