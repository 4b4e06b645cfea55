"""Solve a batch of CDEs as a single system."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.gradients import AbstractAdjoint
from nde.paths import LinearInterpolation
from nde.solve import SaveAt, diffeqsolve
from nde.solvers import AbstractSolver
from nde.stepping import StepTo
from nde.terms import ControlTerm

Field = Callable[[Float[Array, ""], Float[Array, " state"]], Float[Array, "state control"]]
"""A function from time and state of a single series to a matrix."""


def solve_batch(
    field: Field,
    control: Float[Array, "knots series control"],
    starts: Float[Array, "series state"],
    saveat: SaveAt,
    solver: AbstractSolver,
    adjoint: AbstractAdjoint,
) -> Float[Array, "saved series state"]:
    """Solve a batch of CDEs along their controls in one solve, with one step from each knot to the next.

    The solution of a CDE does not depend on how fast its control is traversed. So the time of the solve is the index of
    the knot, and series with different times share its steps. Under `jax.vmap`, each series would also have its own
    gradient with respect to the weights at every step; as a single system, these are one matrix product.

    Args:
        field: The vector field of a single series.
        control: The controls at the knots; the first channel is time.
        starts: The initial states.
        saveat: What to save, by the index of the knot.
        solver: The solver, which must use only increments of the control.
        adjoint: How gradients are computed through the solve.
    """
    knots = jnp.arange(control.shape[0], dtype=control.dtype)
    times = LinearInterpolation(knots, control[..., 0])

    def fields(knot: Array, states: Array, args: None) -> Array:
        del args
        return jax.vmap(field)(times.evaluate(knot), states)

    return diffeqsolve(
        ControlTerm(fields, LinearInterpolation(knots, control), _matrix_product),
        solver,
        knots[0],
        knots[-1],
        None,
        starts,
        saveat=saveat,
        stepsize_controller=StepTo(knots),
        adjoint=adjoint,
        max_steps=control.shape[0] - 1,
    ).ys


def _matrix_product(fields: Float[Array, "series state control"], dX: Float[Array, "series control"]) -> Array:
    return jnp.sum(fields * dX[:, None], axis=-1)
