"""No solver: the same number of vector-field calls as in a solve, one after another in a bare loop."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.goal import Goal
from benchmarks.peers.jax_library import DEFAULT_SETTING, JaxLibrary
from benchmarks.problem import Problem
from benchmarks.side import Ready

CALLS_A_STEP = 6  # Tsit5 has seven stages, and the first is the last of the step before


@dataclass(frozen=True)
class BareLoop:
    """A lower bound for the time of a forward solve with `library`."""

    library: JaxLibrary
    name: str = "bare loop"

    def installed(self) -> bool:
        """True: JAX is installed."""
        return True

    def start(self, problem: Problem, _goal: Goal, /) -> Ready:
        """Count the vector-field calls of the solve and compile a loop with that many."""
        field, inputs, calls = problem.field(jnp), problem.inputs(), self._calls(problem)

        @jax.jit
        def loop(y0: Any, args: Any, calls: int) -> Any:
            # The small multiple keeps the state finite and each call waiting for the one before.
            return jax.lax.fori_loop(0, calls, lambda _, y: y + 1e-2 * field(0.0, y, args), y0)

        def run() -> Any:
            return jax.block_until_ready(loop(*inputs, calls))

        return Ready(run, before=run, setting=f"{calls} calls")

    def _calls(self, problem: Problem) -> int:
        steps = jax.jit(lambda y0, args: self.library.solution(problem, DEFAULT_SETTING, y0, args).stats["num_steps"])
        return 1 + CALLS_A_STEP * int(steps(*problem.inputs()))
