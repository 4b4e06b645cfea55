"""Batches of a panel, epoch after epoch, in a resumable order."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from jaxtyping import Int

from nde.data.panel.batch import Batch, batch_of, check_batchable
from nde.data.panel.buckets import bucket_lengths
from nde.data.panel.shuffle import shuffled
from nde.data.panel.time_series import TimeSeries
from nde.data.plural import pluralize
from nde.data.table import DataError


class Loader:
    """Endless iterator over batches of a panel, epoch after epoch.

    Each series comes once in an epoch. The order depends only on the seed and the number of the epoch, not on the
    process, the machine or earlier batches. So `state`, a small dictionary that can be saved as JSON, is enough to
    resume training.

    Series are grouped by length into buckets, and all series of a batch are from one bucket. All batches of a bucket
    have the same shape, so a model is compiled once for each bucket. A last batch that is not full is filled with
    series of weight zero, or dropped with `drop_last`.

    Args:
        panel: The panel.
        batch_size: Number of series in a batch; if the panel has fewer, all of them.
        seed: Seed of the order, non-negative.
        buckets: The largest number of lengths to pad series to; see `bucket_lengths`.
        drop_last: Whether to drop batches that are not full. Their series do not come in that epoch.
        shuffle: Whether the order is random. If not, all epochs are the same, in the order of the panel within buckets.

    Attributes:
        lengths: The lengths that series are padded to.
        waste: The share of an epoch's rows that is padding, in time or as series of weight zero.

    Raises:
        DataError: If `batch_size` or `buckets` is less than one; if with `drop_last` a bucket has fewer series than a
            batch and would never be drawn; or if the panel cannot be batched (see `pad`).

    Example:
        ```python
        import itertools
        import numpy as np
        import nde
        from nde.data import Loader

        loader = Loader(nde.TimeSeries.from_arrays(np.zeros((10, 5, 1))), batch_size=4, seed=0)
        for batch in itertools.islice(loader, 4):
            print(batch.index, batch.weights)
        again = loader.at({**loader.state, "epoch": 7, "position": 0})
        ```
    """

    def __init__(
        self,
        panel: TimeSeries,
        batch_size: int,
        *,
        seed: int = 0,
        buckets: int = 1,
        drop_last: bool = False,
        shuffle: bool = True,
    ) -> None:
        if batch_size < 1:
            raise DataError(f"batch_size must be at least 1; got {batch_size}.")
        check_batchable(panel)
        self._panel, self._buckets = panel, buckets
        self._settings = {"seed": seed, "batch_size": batch_size, "drop_last": drop_last, "shuffle": shuffle}
        self._size = min(batch_size, len(panel))
        self.lengths = bucket_lengths(panel.lengths, buckets, self._size)
        self._bucket_of = np.searchsorted(self.lengths, panel.lengths)
        self._counts = np.bincount(self._bucket_of, minlength=len(self.lengths))
        self._check_buckets(drop_last)
        self._epoch, self._position = 0, 0
        self._plan = self._plan_of(0)
        self.waste = self._waste()

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        if self._position == len(self):
            self._move(self._epoch + 1, 0)
        places = self._plan[self._position]
        self._position += 1
        return self._batch(places)

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return len(self._plan)

    def epoch(self) -> Iterator[Batch]:
        """Iterate over the remaining batches of this epoch, or over the next epoch if none remain.

        Example:
            ```python
            import numpy as np
            import nde
            from nde.data import Loader

            loader = Loader(nde.TimeSeries.from_arrays(np.zeros((10, 5, 1))), batch_size=4, shuffle=False)
            print([batch.index.tolist() for batch in loader.epoch()])
            ```
        """
        for _ in range(len(self) - self._position % len(self)):
            yield next(self)

    @property
    def state(self) -> dict[str, Any]:
        """State of the iteration: `epoch`, `position` (number of batches drawn in it), and the loader's settings."""
        settings = {"series": len(self._panel), "lengths": list(self.lengths), **self._settings}
        return {"epoch": self._epoch, "position": self._position, **settings}

    def at(self, state: Mapping[str, Any]) -> "Loader":
        """Create a loader of the same panel that resumes from a state.

        Args:
            state: The `state` of a loader with the same panel and settings.

        Returns:
            The loader.

        Raises:
            DataError: If the state is of a loader with other settings or series of other lengths, or is invalid.

        Example:
            ```python
            import json
            import numpy as np
            import nde
            from nde.data import Loader

            loader = Loader(nde.TimeSeries.from_arrays(np.zeros((10, 5, 1))), batch_size=4)
            next(loader)
            again = loader.at(json.loads(json.dumps(loader.state)))
            assert (next(again).index == next(loader).index).all()
            ```
        """
        for name, mine in self.state.items():
            if name not in state:
                raise DataError(f"Got a state without '{name}'; pass the `state` of a loader.")
            if name not in {"epoch", "position"} and state[name] != mine:
                raise DataError(
                    f"Cannot resume from a state with {name} {state[name]}; this loader has {name} {mine}. Use the "
                    "same panel and settings."
                )
        epoch, position = int(state["epoch"]), int(state["position"])
        if epoch < 0 or not 0 <= position <= len(self):
            raise DataError(
                f"Cannot resume at batch {position} of epoch {epoch}; an epoch has {pluralize(len(self), 'batch')}, "
                "and epochs are numbered from 0."
            )
        settings = {name: self._settings[name] for name in ("seed", "drop_last", "shuffle")}
        loader = Loader(self._panel, self._settings["batch_size"], buckets=self._buckets, **settings)
        loader._move(epoch, position)
        return loader

    def __repr__(self) -> str:
        lengths = ", ".join(map(str, self.lengths))
        return (
            f"Loader({pluralize(len(self), 'batch')} of {self._size} series an epoch, padded to {lengths}, "
            f"{100 * self.waste:.3g}% padding)"
        )

    def _check_buckets(self, drop_last: bool) -> None:
        few = int(np.argmin(self._counts))
        if drop_last and self._counts[few] < self._size:
            raise DataError(
                f"The bucket of length {self.lengths[few]} has {self._counts[few]} series, fewer than a batch of "
                f"{self._size}, so with drop_last it would never be drawn. Use fewer buckets, smaller batches, or "
                "drop_last=False."
            )

    def _move(self, epoch: int, position: int) -> None:
        if epoch != self._epoch:
            self._plan = self._plan_of(epoch)
        self._epoch, self._position = epoch, position

    def _plan_of(self, epoch: int) -> list[Int[np.ndarray, " some"]]:
        """The indices of the series of each batch of an epoch."""
        seed, count = (self._settings["seed"], epoch), len(self._panel)
        order = shuffled(count, *seed, 0) if self._settings["shuffle"] else np.arange(count)
        batches = []
        for bucket in range(len(self.lengths)):
            own = order[self._bucket_of[order] == bucket]
            count = len(own) // self._size if self._settings["drop_last"] else -(-len(own) // self._size)
            batches += [own[i * self._size : (i + 1) * self._size] for i in range(count)]
        if self._settings["shuffle"]:
            batches = [batches[i] for i in shuffled(len(batches), *seed, 1)]
        return batches

    def _batch(self, places: Int[np.ndarray, " some"]) -> Batch:
        """The series at these indices, filled up with copies of the first one with weight zero."""
        filled = np.concatenate([places, np.full(self._size - len(places), places[0])])
        weights = (np.arange(self._size) < len(places)).astype(float)
        return batch_of(self._panel, filled, weights, self.lengths[self._bucket_of[places[0]]])

    def _waste(self) -> float:
        rows = sum(self._size * self.lengths[self._bucket_of[places[0]]] for places in self._plan)
        own = sum(int(self._panel.lengths[places].sum()) for places in self._plan)
        return 1.0 - own / rows
