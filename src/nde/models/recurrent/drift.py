"""The ODE of a hidden state between observations."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.gradients import AbstractAdjoint
from nde.solve import diffeqsolve
from nde.solvers import AbstractSolver
from nde.stepping import AbstractStepSizeController, StepTo
from nde.terms import ODETerm

_MAX_STEPS = 256


class Drift(eqx.Module):
    """A learned autonomous ODE that the state follows over a gap.

    Attributes:
        field: The vector field.
        solver: The solver.
        stepsize_controller: The step size controller; `None` for equal steps.
        adjoint: How gradients are computed through the solve.
        steps: Number of equal steps per gap.
    """

    field: eqx.nn.MLP
    solver: AbstractSolver
    stepsize_controller: AbstractStepSizeController | None
    adjoint: AbstractAdjoint
    steps: int = eqx.field(static=True)

    def __init__(
        self,
        size: int,
        width: int,
        depth: int,
        solver: AbstractSolver,
        stepsize_controller: AbstractStepSizeController | None,
        adjoint: AbstractAdjoint,
        steps: int,
        *,
        key: PRNGKeyArray,
    ) -> None:
        self.field = eqx.nn.MLP(size, size, width, depth, jax.nn.softplus, jnp.tanh, key=key)
        self.solver, self.stepsize_controller, self.adjoint = solver, stepsize_controller, adjoint
        self.steps = steps

    def __call__(self, state: Float[Array, " size"], gap: Float[Array, ""]) -> Float[Array, " size"]:
        """Return the state after a gap, whose length may be zero or negative."""

        def vector_field(s: Array, y: Array, args: tuple[Any, Array]) -> Array:
            del s
            field, gap = args
            return gap * field(y)

        return diffeqsolve(
            ODETerm(vector_field),
            self.solver,
            0.0,
            1.0,
            None,
            state,
            (self.field, gap),
            stepsize_controller=self.stepsize_controller or StepTo(jnp.linspace(0.0, 1.0, self.steps + 1)),
            adjoint=self.adjoint,
            max_steps=_MAX_STEPS,
        ).ys[0]
