"""A solve as a part of a model: what every flow has, and its one call of the solver."""

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
    """A model that follows a vector field by any solver, any steps, any gradient."""

    solver: eqx.AbstractVar[AbstractSolver]
    stepsize_controller: eqx.AbstractVar[AbstractStepSizeController]
    adjoint: eqx.AbstractVar[AbstractAdjoint]
    dt0: eqx.AbstractVar[float | None]
    max_steps: eqx.AbstractVar[int | None]

    def along(self, field: VectorField, ts: Real[Array, " times"], y0: Y, args: Args) -> PyTree[Any]:
        """The states at times of which the first is that of `y0`.

        Raises:
            ValueError: If there are fewer than two times.
        """
        if len(ts) < 2:
            raise ValueError(
                f"Got {len(ts)} times; at least two are wanted, the first being that of the initial state."
            )
        return self.solution(field, ts[0], ts[-1], y0, args, SaveAt(ts=ts)).ys

    def until(self, field: VectorField, t0: RealScalar, t1: RealScalar, y0: Y, args: Args) -> PyTree[Any]:
        """The states at `t1` alone, with a leading axis of one."""
        return self.solution(field, t0, t1, y0, args, SaveAt(t1=True)).ys

    def solution(
        self, field: VectorField, t0: RealScalar, t1: RealScalar, y0: Y, args: Args, saveat: SaveAt
    ) -> Solution:
        """The solve with its statistics.

        Times that a controller holds are no weights: an optimizer must see no gradient there.
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
    """Each leaf without its leading axis."""
    return jax.tree.map(lambda y: y[0], ys)
