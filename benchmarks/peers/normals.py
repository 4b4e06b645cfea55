"""No solver: only the normal numbers that an SDE solve draws, from our own generator."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.goal import Goal
from benchmarks.problem import Problem
from benchmarks.side import Ready
from nde.core.random import normals, seed_of


@dataclass(frozen=True)
class Normals:
    """A lower bound for a solve with constant steps: its time over ours is the share that drawing numbers takes."""

    name: str = "its normal numbers alone"

    def installed(self) -> bool:
        """True: JAX is installed."""
        return True

    def start(self, problem: Problem, _goal: Goal, /) -> Ready:
        """Compile a loop that draws and sums."""
        shape, dtype, key = problem.y0.shape, problem.y0.dtype, jax.random.key(0)

        @jax.jit
        def loop(key: jax.Array) -> Any:
            seed = seed_of(key)
            return jax.lax.fori_loop(
                0, problem.max_steps, lambda i, y: y + normals(seed, i, 0, shape, dtype), jnp.zeros(shape, dtype)
            )

        def run() -> Any:
            return jax.block_until_ready(loop(key))

        return Ready(run, before=run)


NORMALS = Normals()
