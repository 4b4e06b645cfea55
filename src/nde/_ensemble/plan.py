"""How many paths run together, and where."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

AXIS = "paths"
FEWEST, MOST = 128, 1024
"""Paths that a processor with caches runs together: enough to fill its vectors, few enough to stay near it."""
_BLOCKS = 32
"""Blocks in all, at least, so that every device has some, unless they would be smaller than that."""
_SHARE = 2**15
"""Most paths of a chunk on a device by default, where samples are small."""
_BYTES = 2**26
"""Most bytes that the samples of a chunk take on a device by default."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """The layout of a chunk: each device runs so many blocks, one after the other, of so many paths together.

    Attributes:
        mesh: The devices, along one axis.
        lanes: Paths of a block.
        blocks: Blocks of a device in a chunk.
    """

    mesh: Mesh
    lanes: int
    blocks: int

    @property
    def share(self) -> int:
        """Paths of a device in a chunk."""
        return self.lanes * self.blocks

    @property
    def chunk(self) -> int:
        """Paths of a chunk."""
        return self.share * self.mesh.size

    @property
    def split(self) -> NamedSharding:
        """Of arrays that have a part for each device."""
        return NamedSharding(self.mesh, PartitionSpec(AXIS))

    @property
    def everywhere(self) -> NamedSharding:
        """Of arrays that each device has whole."""
        return NamedSharding(self.mesh, PartitionSpec())


def make_plan(nbytes: int, paths: int, chunk: int | None, devices: Sequence[Any]) -> Plan:
    """Chunks of about equal size, none larger than asked for, if each device has at least one path.

    On processors the size of a block comes from the number of paths alone, if the chunk leaves room for it. So however
    many devices there are the program of a path is the same, and so is every bit of it. Accelerators run all their
    paths of a chunk together.

    Args:
        nbytes: Bytes of one sample.
        paths: How many in all.
        chunk: Most paths of a chunk; by default as many as the bytes allow.
        devices: Where they run.
    """
    count = len(devices)
    share = min(_SHARE, max(1, _BYTES // max(nbytes, 1))) if chunk is None else max(1, chunk // count)
    cached = devices[0].platform == "cpu"
    lanes = min(_block(paths), share) if cached else share
    chunks = -(-paths // (share // lanes * lanes * count))
    if not cached:
        lanes = -(-paths // (chunks * count))
    blocks = -(-paths // (chunks * count * lanes))
    return Plan(Mesh(np.asarray(devices), (AXIS,)), lanes, blocks)


def _block(paths: int) -> int:
    """The size of a block: a power of two, but no more than there are paths."""
    size = 1 << (max(paths // _BLOCKS, 1).bit_length() - 1)
    return min(max(FEWEST, min(size, MOST)), paths)
