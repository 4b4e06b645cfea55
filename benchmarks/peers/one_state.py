"""A batch solved as one state, for comparison with a `vmap` of one-sample solves."""

from dataclasses import dataclass, replace

import jax

from benchmarks.goal import Goal
from benchmarks.peers.jax_library import DEFAULT_SETTING, JaxLibrary
from benchmarks.problem import Problem
from benchmarks.side import Ready


@dataclass(frozen=True)
class OneState:
    """The same library with the batch as the leading axis of one state.

    With adaptive steps, the state takes constant steps, as many as the slowest sample accepts. Its own adaptive steps
    would be fewer, because it meets the tolerance on average.
    """

    library: JaxLibrary

    @property
    def name(self) -> str:
        """The name, which distinguishes ours from Diffrax's."""
        return f"{self.library.name}, one state"

    def installed(self) -> bool:
        """Whether the library is installed."""
        return self.library.installed()

    def start(self, problem: Problem, _goal: Goal, /) -> Ready:
        """Count the steps of the slowest sample, if they are adaptive, and compile."""
        state = replace(problem, lanes=None)
        if problem.tolerance is None:
            return self.library.compiled(state, DEFAULT_SETTING)
        steps = self._slowest(problem)
        constant = replace(state, tolerance=None, dt0=problem.t1 / steps, max_steps=steps + 1)
        return replace(self.library.compiled(constant, DEFAULT_SETTING), value=None, setting=f"{steps} steps")

    def _slowest(self, problem: Problem) -> int:
        def steps(*inputs: object) -> object:
            return self.library.solution(problem, DEFAULT_SETTING, *inputs).stats["num_accepted_steps"]

        counts = jax.jit(jax.vmap(steps, in_axes=problem.axes))(*problem.inputs())
        return int(counts.max())
