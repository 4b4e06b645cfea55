"""Compile time as a side: the time until a user gets the first result."""

from dataclasses import dataclass
from typing import Any

import jax

from benchmarks.goal import Goal
from benchmarks.peers.jax_library import JaxLibrary, Setting
from benchmarks.problem import Problem
from benchmarks.side import Ready
from benchmarks.timing import fastest


@dataclass(frozen=True)
class Compiling:
    """Trace, lower and compile with empty caches; nothing runs."""

    library: JaxLibrary

    @property
    def name(self) -> str:
        """The name of the library."""
        return self.library.name

    def installed(self) -> bool:
        """Whether the library is installed."""
        return self.library.installed()

    def start(self, problem: Problem, _goal: Goal, /) -> Ready:
        """Keep the setting that compiles fastest."""
        started = [self._under(problem, setting) for setting in self.library.settings(problem)]
        return fastest(started, runs=1)

    def _under(self, problem: Problem, setting: Setting) -> Ready:
        inputs = problem.inputs()

        def run() -> Any:
            return jax.jit(self.library.function(problem, setting)).lower(*inputs).compile()

        return Ready(run, before=jax.clear_caches, setting=setting.name, least=5)
