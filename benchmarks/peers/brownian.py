"""Brownian paths without a solve: their increments over many intervals, in one of three orders."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

import nde
from benchmarks.goal import Goal
from benchmarks.side import Ready


@dataclass(frozen=True, eq=False)
class Access:
    """Increments of a path of `size` components over `[0, 1]`, over each of the intervals in turn.

    Args:
        size: number of components of the path.
        intervals: pairs of times.
        order: `"sequential"`, `"doubly sequential"` (then all of them in reverse), or `"random"`.
    """

    size: int
    intervals: np.ndarray
    order: str

    x64: bool = False


@dataclass(frozen=True)
class DiffraxTree:
    """Diffrax's `VirtualBrownianTree` at a tolerance."""

    tol: float

    @property
    def name(self) -> str:
        """The name with the tolerance."""
        return f"Diffrax VirtualBrownianTree, tol {self.tol:.0e}"

    def installed(self) -> bool:
        """Whether Diffrax is installed."""
        return True

    def start(self, access: Access, _goal: Goal, /) -> Ready:
        """Query the tree for each interval."""

        def run(key: jax.Array, intervals: jax.Array) -> Any:
            path = diffrax.VirtualBrownianTree(0.0, 1.0, self.tol, (access.size,), key)
            again = intervals[::-1] if access.order == "doubly sequential" else intervals[:0]
            return _asked(path.evaluate, jnp.concatenate([intervals, again]), access.size)

        return _ready(run, access)


@dataclass(frozen=True)
class OurInterval:
    """`BrownianInterval`: walked along as in a solve, then back over the record, or queried at random."""

    name: str = "nde"

    def installed(self) -> bool:
        """True: `nde` is installed."""
        return True

    def start(self, access: Access, _goal: Goal, /) -> Ready:
        """Compile a function that queries the path in the given order."""

        def run(key: jax.Array, intervals: jax.Array) -> Any:
            path = nde.BrownianInterval(0.0, 1.0, (access.size,), key)
            if access.order == "random":
                return _asked(path.evaluate, intervals, access.size)
            return _walked(path, intervals, access)

        return _ready(run, access)


def _asked(evaluate: Callable[[Any, Any], Any], intervals: jax.Array, size: int) -> Any:
    def ask(total: Any, pair: Any) -> Any:
        return total + evaluate(pair[0], pair[1]) ** 2, None

    return jax.lax.scan(ask, jnp.zeros(size), intervals)[0]


def _walked(path: nde.BrownianInterval, intervals: jax.Array, access: Access) -> Any:
    back = access.order == "doubly sequential"

    def step(carry: Any, pair: Any) -> Any:
        path_state, total = carry
        drive, stepped = path.prepare(pair[0], pair[1] - pair[0], (), frozenset(), path_state)
        path_state = path.commit(jnp.asarray(True), path_state, stepped)
        return (path_state, total + drive.W**2), drive.W if back else None

    (_, total), drives = jax.lax.scan(step, (path.begin(intervals[0, 0]), jnp.zeros(access.size)), intervals)
    return jax.lax.scan(lambda t, W: (t + W**2, None), total, drives, reverse=True)[0] if back else total


def _ready(compute: Callable[..., Any], access: Access) -> Ready:
    compiled, inputs = jax.jit(compute), (jax.random.key(0), jnp.asarray(access.intervals, jnp.float32))

    def run() -> Any:
        return jax.block_until_ready(compiled(*inputs))

    return Ready(run, before=run)
