"""The solve of an ODE in one line."""

from collections.abc import Callable
from typing import Any

from jaxtyping import PyTree

from nde.core.types import Args, Times, Tolerance, Y
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.solve._diffeqsolve import diffeqsolve
from nde.solve.arguments import check_save_times
from nde.solve.arity import with_args
from nde.solve.saveat import SaveAt
from nde.solvers import AbstractSolver, Tsit5
from nde.stepping import PIDController
from nde.terms import ODETerm


def odeint(
    f: Callable[..., PyTree[Any]],
    y0: Y,
    ts: Times,
    args: Args = None,
    *,
    rtol: Tolerance = 1e-6,
    atol: Tolerance = 1e-6,
    solver: AbstractSolver = Tsit5(),
    adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
    max_steps: int | None = 4096,
) -> PyTree[Any]:
    """Solve the ODE `dy/dt = f(t, y)` with adaptive steps, and return the state at each of the times.

    Args:
        f: The vector field, `(t, y)` or `(t, y, args)`.
        y0: The state at `ts[0]`, any pytree.
        ts: Sorted times of shape `(times,)`, increasing or decreasing, the first being that of `y0`.
        args: Handed to a vector field of three arguments.
        rtol: Relative tolerance; see `PIDController`.
        atol: Absolute tolerance, in units of the state.
        solver: The method; it must estimate its error.
        adjoint: How the solve is differentiated.
        max_steps: Most steps to attempt.

    Returns:
        The states, each leaf with a leading axis `(times,)`; the first is `y0`.

    Raises:
        ValueError: If fewer than two times are given, or the vector field does not fit `y0`.
        SolveError: If the solve fails.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        print(nde.odeint(lambda t, y: -y, jnp.array([1.0, 2.0]), jnp.linspace(0.0, 1.0, 3)))
        ```
    """
    check_save_times("odeint", ts)
    sol = diffeqsolve(
        ODETerm(with_args(f)),
        solver,
        ts[0],
        ts[-1],
        None,
        y0,
        args,
        saveat=SaveAt(ts=ts),
        stepsize_controller=PIDController(rtol=rtol, atol=atol),
        adjoint=adjoint,
        max_steps=max_steps,
    )
    return sol.ys
