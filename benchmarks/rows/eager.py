"""Calls outside `jax.jit`, after the first one: the latency in a notebook."""

from benchmarks.peers.eager import CALLS, DIFFRAX, NDE, EagerCall
from benchmarks.row import Row

TARGET = 1.0


def rows() -> list[Row]:
    """A solve, its gradient and its `vmap`, and two paths."""
    return [Row(f"Not jitted: {name}", EagerCall(name), NDE, {DIFFRAX: TARGET}) for name in CALLS]
