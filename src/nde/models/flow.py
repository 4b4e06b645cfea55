"""The base class of models that solve an ODE."""

from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, PyTree, Real

from nde.core.tree import constant
from nde.core.types import Args, RealScalar, VectorField, Y
from nde.gradients import AbstractAdjoint
from nde.solve import SaveAt, Solution, diffeqsolve
from nde.solvers import AbstractSolver
from nde.stepping import AbstractStepSizeController
from nde.terms import ODETerm


class AbstractFlow(eqx.Module):
    """Base class of models that follow a vector field, with any solver, step size controller and adjoint."""

    solver: eqx.AbstractVar[AbstractSolver]
    stepsize_controller: eqx.AbstractVar[AbstractStepSizeController]
    adjoint: eqx.AbstractVar[AbstractAdjoint]
    dt0: eqx.AbstractVar[float | None]
    max_steps: eqx.AbstractVar[int | None]

    def solve_at(self, field: VectorField, ts: Real[Array, " times"], y0: Y, args: Args) -> PyTree[Any]:
        """Solve for the states at given times, of which the first is that of `y0`.

        Raises:
            ValueError: If there are fewer than two times.
        """
        if len(ts) < 2:
            raise ValueError(
                f"ts must contain at least two times, of which the first is that of the initial state; got {len(ts)}."
            )
        return self.solve(field, ts[0], ts[-1], y0, args, SaveAt(ts=ts)).ys

    def solve_until(self, field: VectorField, t0: RealScalar, t1: RealScalar, y0: Y, args: Args) -> PyTree[Any]:
        """Solve for the states at `t1` only, with a leading axis of length one."""
        return self.solve(field, t0, t1, y0, args, SaveAt(t1=True)).ys

    def solve(self, field: VectorField, t0: RealScalar, t1: RealScalar, y0: Y, args: Args, saveat: SaveAt) -> Solution:
        """Solve, and return the solution with its statistics.

        The times of a controller are not trainable, so no gradient reaches them.
        """
        return diffeqsolve(
            ODETerm(field),
            self.solver,
            t0,
            t1,
            self.dt0,
            y0,
            args,
            saveat=saveat,
            stepsize_controller=constant(self.stepsize_controller),
            adjoint=self.adjoint,
            max_steps=self.max_steps,
        )


def first_row(ys: PyTree[Any]) -> PyTree[Any]:
    """Remove the leading axis of each leaf."""
    return jax.tree.map(lambda y: y[0], ys)
