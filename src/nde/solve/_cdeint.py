"""The solve of a CDE in one line."""

from collections.abc import Callable
from typing import Any

from jaxtyping import PyTree

from nde.core.types import Args, Times, Tolerance, Y
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.paths import AbstractPath
from nde.solve._diffeqsolve import diffeqsolve
from nde.solve.arguments import check_save_times
from nde.solve.arity import with_args
from nde.solve.saveat import SaveAt
from nde.solvers import AbstractSolver, Tsit5
from nde.stepping import AbstractStepSizeController, PIDController
from nde.terms import ControlTerm


def cdeint(
    f: Callable[..., PyTree[Any]],
    control: AbstractPath,
    y0: Y,
    ts: Times,
    args: Args = None,
    *,
    prod: Callable[[PyTree[Any], PyTree[Any]], PyTree[Any]] | None = None,
    rtol: Tolerance = 1e-6,
    atol: Tolerance = 1e-6,
    stepsize_controller: AbstractStepSizeController | None = None,
    solver: AbstractSolver = Tsit5(),
    adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
    max_steps: int | None = 4096,
) -> PyTree[Any]:
    """Solve the CDE `dy = f(t, y) dX(t)` along a differentiable path, and return the state at each of the times.

    Steps are adaptive, and end at the knots where the derivative of the path jumps. A neural controlled equation is
    trained faster with one step from knot to knot: `stepsize_controller=nde.StepTo(control.ts)`, with `ts` from the
    first knot to the last. For many series use `jax.vmap`.

    Args:
        f: The vector field, `(t, y)` or `(t, y, args)`, with values of shape `(*y, *x)` for a control of shape `x`; see
            `ControlTerm` for other forms.
        control: The path, such as `LinearInterpolation(ts, xs)`.
        y0: The state at `ts[0]`, any pytree.
        ts: Sorted times of shape `(times,)`, increasing or decreasing, the first being that of `y0`.
        args: Handed to a vector field of three arguments.
        prod: The product of a value of the vector field with an increment of the control, if not that of a matrix.
        rtol: Relative tolerance; see `PIDController`.
        atol: Absolute tolerance, in units of the state.
        stepsize_controller: How steps are chosen instead.
        solver: The method.
        adjoint: How the solve is differentiated.
        max_steps: Most steps to attempt.

    Returns:
        The states, each leaf with a leading axis `(times,)`; the first is `y0`.

    Raises:
        ValueError: If fewer than two times are given, or shapes do not fit together.
        TypeError: If the control is no path, or is Brownian motion.
        SolveError: If the solve fails.

    Source: Kidger, Morrill, Foster and Lyons, *Neural controlled differential equations for irregular time series*
    (2020), doi:10.48550/arXiv.2005.08926.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        path = nde.LinearInterpolation(ts=jnp.array([0.0, 0.5, 2.0]), ys=jnp.array([[0.0], [1.0], [0.5]]))
        ys = nde.cdeint(lambda t, y: y[:, None], path, jnp.ones(1), path.ts)
        print(ys[:, 0], jnp.exp(path.ys[:, 0]))
        ```
    """
    check_save_times("cdeint", ts)
    return diffeqsolve(
        ControlTerm(with_args(f), control, prod).to_ode(),
        solver,
        ts[0],
        ts[-1],
        None,
        y0,
        args,
        saveat=SaveAt(ts=ts),
        stepsize_controller=PIDController(rtol=rtol, atol=atol) if stepsize_controller is None else stepsize_controller,
        adjoint=adjoint,
        max_steps=max_steps,
    ).ys
