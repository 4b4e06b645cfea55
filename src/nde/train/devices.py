"""Distribute training over devices."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, PyTree

from nde.core.device import to_device
from nde.data.plural import pluralize
from nde.train.batches import rows_of


class Placement:
    """Replicates weights on all devices, and divides the rows of each batch among them.

    The result is the same on one device and on several, up to the order in which rows are summed: JAX partitions a
    single program for the whole batch. With several processes, each makes the whole batch and transfers the rows of its
    own devices.

    Args:
        devices: The devices; if `None`, as many as divide the rows evenly.
        batch: The first batch.

    Attributes:
        devices: The devices in use.
        replicated: The sharding of arrays that are replicated on all devices; `None` for the default device.

    Raises:
        ValueError: If the devices cannot divide the rows evenly.
    """

    def __init__(self, devices: Sequence[Any] | None, batch: PyTree[Any]) -> None:
        rows = rows_of(batch)
        self.devices = _default_devices(rows) if devices is None else list(devices)
        self._check(rows)
        self._processes = len({device.process_index for device in self.devices})
        self.replicated: NamedSharding | None = None
        if devices is not None or len(self.devices) > 1:
            mesh = Mesh(np.array(self.devices), ("rows",))
            self.replicated = NamedSharding(mesh, PartitionSpec())
            self._sharded = NamedSharding(mesh, PartitionSpec("rows"))
        self._last: tuple[Any, Any] = (None, None)

    def batch(self, batch: PyTree[Any]) -> PyTree[Any]:
        """Transfer a batch to the devices, divided if possible. The previous batch is cached."""
        if self.replicated is None:
            return batch
        if batch is not self._last[0]:
            self._last = (batch, self._place(batch, rows_of(batch)))
        return self._last[1]

    def replicate(self, tree: PyTree[Any]) -> PyTree[Any]:
        """Replicate arrays on all devices."""
        return self._place(tree, None)

    def to_local(self, leaves: list[Array]) -> list[Array]:
        """Convert replicated arrays to ordinary arrays of this process."""
        if self.replicated is None:
            return leaves
        return [jnp.asarray(np.asarray(leaf)) for leaf in leaves]

    def _place(self, tree: PyTree[Any], rows: int | None) -> PyTree[Any]:
        return jax.tree.map(lambda leaf: self._put(leaf, rows), tree)

    def _put(self, leaf: Array | np.ndarray, rows: int | None) -> Array:
        if self.replicated is None:
            return to_device(leaf)
        divisible = rows is not None and leaf.ndim and leaf.shape[0] == rows and not rows % len(self.devices)
        sharding = self._sharded if divisible else self.replicated
        if self._processes == 1:
            return jax.device_put(leaf, sharding)
        values = np.asarray(leaf)
        return jax.make_array_from_callback(values.shape, sharding, lambda part: values[part])

    def _check(self, rows: int | None) -> None:
        count = len(self.devices)
        if not count:
            raise ValueError(
                "devices must not be empty. Pass some of `jax.devices()`, or None to use as many as possible."
            )
        if count > 1 and (rows is None or rows % count):
            what = "arrays that share no leading axis" if rows is None else pluralize(rows, "row")
            raise ValueError(
                f"{count} devices cannot share batches of {what} evenly. Choose a batch size that is a multiple of "
                f"{count}, or fewer devices."
            )


def _default_devices(rows: int | None) -> list[Any]:
    """Return as many devices as divide the rows evenly; with several processes all devices."""
    devices = jax.devices()
    if jax.process_count() > 1 or len(devices) == 1:
        return devices
    count = max(n for n in range(1, len(devices) + 1) if n == 1 or (rows is not None and not rows % n))
    return devices[:count]
