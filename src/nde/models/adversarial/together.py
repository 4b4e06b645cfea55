"""Many series as the state of one solve, which goes from one row to the next in all of them."""

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
"""From a time and a state of one series to a matrix."""


def driven_together(
    field: Field,
    control: Float[Array, "knots series control"],
    starts: Float[Array, "series state"],
    saveat: SaveAt,
    solver: AbstractSolver,
    adjoint: AbstractAdjoint,
) -> Float[Array, "saved series state"]:
    """The states along controls, with one step from each knot to the next.

    A controlled equation does not know how fast its control is walked, so the solve counts knots, whatever their times:
    series with times of their own share its steps. As lanes of a `vmap` each would also have a gradient of its own to
    the weights at every step; as one state they are one matrix product.

    Args:
        field: Of one series.
        control: The values at the knots; the first channel is the time.
        starts: The first states.
        saveat: What is saved, by the number of the knot.
        solver: The method, one that asks a control for its increments only.
        adjoint: How the solve is differentiated.
    """
    knots = jnp.arange(control.shape[0], dtype=control.dtype)
    times = LinearInterpolation(knots, control[..., 0])

    def fields(knot: Array, states: Array, args: None) -> Array:
        del args
        return jax.vmap(field)(times.evaluate(knot), states)

    return diffeqsolve(
        ControlTerm(fields, LinearInterpolation(knots, control), _applied),
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


def _applied(fields: Float[Array, "series state control"], dX: Float[Array, "series control"]) -> Array:
    return jnp.sum(fields * dX[:, None], axis=-1)
