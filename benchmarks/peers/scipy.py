"""SciPy's `solve_ivp` with a NumPy vector field."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from scipy.integrate import solve_ivp

from benchmarks.goal import Goal
from benchmarks.peers.equal_error import loosest
from benchmarks.problem import Problem
from benchmarks.side import Ready


@dataclass(frozen=True)
class SciPy:
    """One of the methods of `solve_ivp`, always in double precision."""

    method: str

    @property
    def name(self) -> str:
        """The library and its method."""
        return f"SciPy {self.method}"

    def installed(self) -> bool:
        """True: SciPy comes with JAX."""
        return True

    def start(self, problem: Problem, goal: Goal, /) -> Ready:
        """Find the loosest tolerance that is as accurate as our side."""
        return loosest(partial(self._at_tolerance, problem), problem.tolerance, goal)

    def _at_tolerance(self, problem: Problem, tolerance: float) -> Ready:
        y0, args = jax.tree.map(np.float64, (problem.y0, problem.args))
        field = problem.field(np)

        def run() -> Any:
            ys = solve_ivp(
                lambda t, y: field(t, y, args),
                (0.0, problem.t1),
                y0,
                method=self.method,
                t_eval=problem.ts,
                first_step=problem.dt0,
                rtol=tolerance,
                atol=tolerance,
            ).y
            return ys[:, -1] if problem.ts is None else ys.T

        return Ready(run, before=run, value=run(), least=5)


RK45, LSODA = SciPy("RK45"), SciPy("LSODA")
