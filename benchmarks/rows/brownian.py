"""Brownian paths alone, with the access patterns of Kidger et al. (2021), doi:10.48550/arXiv.2105.13493, section 4."""

import numpy as np

from benchmarks.peers.brownian import Access, DiffraxTree, OurInterval
from benchmarks.row import Row
from benchmarks.side import Side

COUNT, SIZE = 100, 2560
TARGETS = {"sequential": 10.0, "doubly sequential": 10.0, "random": 1.0}


def rows() -> list[Row]:
    """Three access orders."""
    ts = np.linspace(0.0, 1.0, COUNT + 1)
    in_order = np.stack([ts[:-1], ts[1:]], axis=1)
    anywhere = np.sort(np.random.default_rng(0).uniform(size=(COUNT, 2)), axis=1)
    return [_row(order, anywhere if order == "random" else in_order) for order in TARGETS]


def _row(order: str, intervals: np.ndarray) -> Row:
    access, target = Access(SIZE, intervals, order), TARGETS[order]
    peers: dict[Side, float | None] = {DiffraxTree(1e-3): target, DiffraxTree(1e-6): target}
    return Row(f"BrownianInterval of {SIZE} components, {COUNT} increments, {order}", access, OurInterval(), peers)
