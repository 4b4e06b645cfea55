"""On which devices a training runs, and what of it lies where."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, PyTree

from nde.core.device import to_device
from nde.train.batches import rows_of


class Placement:
    """Weights lie on all devices; of a batch, each device has its share of the rows.

    What is computed is the same on one device and on several, up to the order in which rows are added: JAX divides one
    program for the whole batch. Of several processes each makes the whole batch, and hands over the rows that its own
    devices take.

    Args:
        devices: Which; all if `None`, but no more than divide the rows.
        batch: The first batch.

    Attributes:
        devices: Which take part.
        everywhere: The sharding of what lies on all devices; `None` if nothing is to be placed.

    Raises:
        ValueError: If the rows cannot be divided among the devices.
    """

    def __init__(self, devices: Sequence[Any] | None, batch: PyTree[Any]) -> None:
        rows = rows_of(batch)
        self.devices = _sharing(rows) if devices is None else list(devices)
        self._check(rows)
        self._processes = len({device.process_index for device in self.devices})
        self.everywhere: NamedSharding | None = None
        if devices is not None or len(self.devices) > 1:
            mesh = Mesh(np.array(self.devices), ("rows",))
            self.everywhere = NamedSharding(mesh, PartitionSpec())
            self._divided = NamedSharding(mesh, PartitionSpec("rows"))
        self._last: tuple[Any, Any] = (None, None)

    def batch(self, batch: PyTree[Any]) -> PyTree[Any]:
        """A batch on the devices, divided if its rows can be; the same one again costs nothing."""
        if self.everywhere is None:
            return batch
        if batch is not self._last[0]:
            self._last = (batch, self._placed(batch, rows_of(batch)))
        return self._last[1]

    def copies(self, tree: PyTree[Any]) -> PyTree[Any]:
        """Arrays on all devices."""
        return self._placed(tree, None)

    def home(self, leaves: list[Array]) -> list[Array]:
        """Arrays that lie on all devices, as ordinary ones of this process."""
        if self.everywhere is None:
            return leaves
        return [jnp.asarray(np.asarray(leaf)) for leaf in leaves]

    def _placed(self, tree: PyTree[Any], rows: int | None) -> PyTree[Any]:
        return jax.tree.map(lambda leaf: self._put(leaf, rows), tree)

    def _put(self, leaf: Array | np.ndarray, rows: int | None) -> Array:
        if self.everywhere is None:
            return to_device(leaf)
        divided = rows is not None and leaf.ndim and leaf.shape[0] == rows and not rows % len(self.devices)
        sharding = self._divided if divided else self.everywhere
        if self._processes == 1:
            return jax.device_put(leaf, sharding)
        held = np.asarray(leaf)
        return jax.make_array_from_callback(held.shape, sharding, lambda part: held[part])

    def _check(self, rows: int | None) -> None:
        count = len(self.devices)
        if not count:
            raise ValueError("Got no devices; `jax.devices()` lists them, and None takes all.")
        if count > 1 and (rows is None or rows % count):
            what = "arrays that share no leading axis" if rows is None else f"{rows} rows"
            raise ValueError(
                f"Got batches of {what} for {count} devices; a number of rows that they divide evenly is wanted. Take "
                f"a batch size that is a multiple of {count}, or fewer devices."
            )


def _sharing(rows: int | None) -> list[Any]:
    """As many of all devices as divide the rows; of several processes all."""
    devices = jax.devices()
    if jax.process_count() > 1 or len(devices) == 1:
        return devices
    most = max(n for n in range(1, len(devices) + 1) if n == 1 or (rows is not None and not rows % n))
    return devices[:most]
