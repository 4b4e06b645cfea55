"""What a state does while nothing is observed."""

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
    """The state after a gap, by a learned differential equation that does not depend on time.

    Attributes:
        field: The vector field.
        solver: The method.
        stepsize_controller: How steps are chosen; `None` for equal steps.
        adjoint: How solves are differentiated.
        steps: How many equal steps a gap is.
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
        """The state after a gap, which may be of no length, or backward in time."""

        def slope(s: Array, y: Array, args: tuple[Any, Array]) -> Array:
            del s
            field, gap = args
            return gap * field(y)

        return diffeqsolve(
            ODETerm(slope),
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
