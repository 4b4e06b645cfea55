"""Batches, epoch after epoch, in an order that can be taken up again."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from jaxtyping import Int

from nde.data.panel.batch import Batch, batch_of, check_batchable
from nde.data.panel.buckets import bucket_lengths
from nde.data.panel.shuffle import shuffled
from nde.data.panel.time_series import TimeSeries
from nde.data.table import DataError


class Loader:
    """Draws batches of a panel without end, epoch after epoch.

    In an epoch every series comes once. Their order depends on the seed and the number of the epoch only, not on the
    process, the machine or what was drawn before; so `state`, a small dictionary for a JSON file, is all that is needed
    to go on where training stopped.

    Series are put into buckets by length, and batches hold series of one bucket. All batches of a bucket have the same
    shape, so that a model is compiled once for each bucket. A last batch of a bucket that is not full is filled with
    series of weight zero, or left out with `drop_last`.

    Args:
        panel: The panel.
        batch_size: How many series a batch holds; if the panel has fewer, all.
        seed: Of the order, not negative.
        buckets: How many lengths series are padded to, at most; see `bucket_lengths`.
        drop_last: Whether batches that are not full are left out: the series in them do not come in that epoch.
        shuffle: Whether the order is random; if not, each epoch is the same, and within a bucket in the panel's order.

    Attributes:
        lengths: The lengths to which series are padded.
        waste: The share of an epoch's rows that is padding, in time or with series of weight zero.

    Raises:
        DataError: If `batch_size` or `buckets` is less than one; with `drop_last` a bucket has fewer series than a
            batch, which would never come; or the panel is none for a batch (see `pad`).

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
            raise DataError(f"Got the batch size {batch_size}; at least 1 is wanted.")
        check_batchable(panel)
        self._panel, self._buckets = panel, buckets
        self._settings = {"seed": seed, "batch_size": batch_size, "drop_last": drop_last, "shuffle": shuffle}
        self._size = min(batch_size, len(panel))
        self.lengths = bucket_lengths(panel.lengths, buckets, self._size)
        self._bucket_of = np.searchsorted(self.lengths, panel.lengths)
        self._counts = np.bincount(self._bucket_of, minlength=len(self.lengths))
        self._check_buckets(drop_last)
        self._epoch, self._position = 0, 0
        self._plan = self._planned(0)
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
        """How many batches an epoch has."""
        return len(self._plan)

    def epoch(self) -> Iterator[Batch]:
        """The batches that are left of this epoch, or all of the next if none is left.

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
        """Where the loader is (`epoch` and `position`, the number of batches drawn of it), and what it draws from."""
        made_of = {"series": len(self._panel), "lengths": list(self.lengths), **self._settings}
        return {"epoch": self._epoch, "position": self._position, **made_of}

    def at(self, state: Mapping[str, Any]) -> "Loader":
        """A loader of the same panel that goes on as the one did which had this state.

        Raises:
            DataError: If that one had other settings or another panel, as far as lengths tell.

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
                raise DataError(f"Got a state without '{name}'; one that `state` gave is wanted.")
            if name not in {"epoch", "position"} and state[name] != mine:
                raise DataError(
                    f"Got a state with {name} {state[name]}, and this loader has {mine}; the same panel and settings "
                    "are wanted."
                )
        epoch, position = int(state["epoch"]), int(state["position"])
        if epoch < 0 or not 0 <= position <= len(self):
            raise DataError(f"Got a state at batch {position} of epoch {epoch}; an epoch has {len(self)} batches.")
        settings = {name: self._settings[name] for name in ("seed", "drop_last", "shuffle")}
        loader = Loader(self._panel, self._settings["batch_size"], buckets=self._buckets, **settings)
        loader._move(epoch, position)
        return loader

    def __repr__(self) -> str:
        lengths = ", ".join(map(str, self.lengths))
        return (
            f"Loader({len(self)} batches of {self._size} series an epoch, padded to {lengths}, "
            f"{100 * self.waste:.3g} % padding)"
        )

    def _check_buckets(self, drop_last: bool) -> None:
        few = int(np.argmin(self._counts))
        if drop_last and self._counts[few] < self._size:
            raise DataError(
                f"The bucket of length {self.lengths[few]} has {self._counts[few]} series, fewer than a batch of "
                f"{self._size}, and with drop_last none would ever come. Take fewer buckets, smaller batches, or "
                "drop_last=False."
            )

    def _move(self, epoch: int, position: int) -> None:
        if epoch != self._epoch:
            self._plan = self._planned(epoch)
        self._epoch, self._position = epoch, position

    def _planned(self, epoch: int) -> list[Int[np.ndarray, " some"]]:
        """The places of the series of each batch of an epoch."""
        seed, count = (self._settings["seed"], epoch), len(self._panel)
        order = shuffled(count, *seed, 0) if self._settings["shuffle"] else np.arange(count)
        batches = []
        for bucket in range(len(self.lengths)):
            inside = order[self._bucket_of[order] == bucket]
            full = len(inside) // self._size if self._settings["drop_last"] else -(-len(inside) // self._size)
            batches += [inside[i * self._size : (i + 1) * self._size] for i in range(full)]
        if self._settings["shuffle"]:
            batches = [batches[i] for i in shuffled(len(batches), *seed, 1)]
        return batches

    def _batch(self, places: Int[np.ndarray, " some"]) -> Batch:
        """The series at these places, and as many of weight zero as fill the batch: the first one again."""
        filled = np.concatenate([places, np.full(self._size - len(places), places[0])])
        weights = (np.arange(self._size) < len(places)).astype(float)
        return batch_of(self._panel, filled, weights, self.lengths[self._bucket_of[places[0]]])

    def _waste(self) -> float:
        rows = sum(self._size * self.lengths[self._bucket_of[places[0]]] for places in self._plan)
        own = sum(int(self._panel.lengths[places].sum()) for places in self._plan)
        return 1.0 - own / rows
