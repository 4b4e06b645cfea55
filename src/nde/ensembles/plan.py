"""How many paths run together, and where."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

AXIS = "paths"
LANES = 256
"""Paths that a processor with caches runs together."""
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


def planned(nbytes: int, paths: int, chunk: int | None, devices: Sequence[Any]) -> Plan:
    """Chunks of about equal size, none larger than asked for, if each device has at least one path.

    On processors a block has the same number of paths however many devices there are, and whatever the chunk if that
    leaves room for a whole block: the program of a path is the same, and so is every bit of it. Accelerators run all
    their paths of a chunk together.

    Args:
        nbytes: Bytes of one sample.
        paths: How many in all.
        chunk: Most paths of a chunk; by default as many as the bytes allow.
        devices: Where they run.
    """
    count = len(devices)
    share = min(_SHARE, max(1, _BYTES // max(nbytes, 1))) if chunk is None else max(1, chunk // count)
    cached = devices[0].platform == "cpu"
    lanes = min(LANES, share, paths) if cached else share
    chunks = -(-paths // (share // lanes * lanes * count))
    if not cached:
        lanes = -(-paths // (chunks * count))
    blocks = -(-paths // (chunks * count * lanes))
    return Plan(Mesh(np.asarray(devices), (AXIS,)), lanes, blocks)
