"""Nonlinear least squares."""

from collections.abc import Callable
from typing import Any

from jaxtyping import PyTree

from nde.core.types import Args, RealScalar
from nde.implicit.optimization import optimize
from nde.roots.dense import Dense
from nde.roots.linear import AbstractLinearSolver
from nde.roots.solution import IterativeSolution


def least_squares(
    f: Callable[[Any, Args], Any],
    x0: PyTree[Any],
    args: Args = None,
    *,
    solver: Any = None,
    linear_solver: AbstractLinearSolver = Dense(),
    rtol: RealScalar = 1e-5,
    atol: RealScalar = 1e-6,
    max_steps: int = 256,
    throw: bool = True,
) -> IterativeSolution:
    """Find a local minimum of the sum of squares of residuals `f(x, args)`, by a solver of Optimistix.

    The derivative is that of the optimality condition, as in `minimize`, with the full Hessian: it is right for
    residuals that do not vanish.

    Args:
        f: Residuals, any pytree of arrays.
        x0: Where to begin, any pytree of arrays or numbers.
        args: Handed to `f`.
        solver: A least-squares solver of Optimistix; by default `optimistix.LevenbergMarquardt(rtol, atol)`.
        linear_solver: Of the system with the Hessian that the derivative solves.
        rtol: Relative tolerance of the default solver.
        atol: Absolute tolerance of the default solver.
        max_steps: Most steps.
        throw: Whether a failure raises; otherwise `result` holds it. It concerns the derivative, too.

    Returns:
        The solution: `value`, `result`, and `stats` with `num_steps` and `residual`, the norm of the gradient of half
        the sum of squares.

    Raises:
        ModuleNotFoundError: If Optimistix is not installed: `pip install "nde[implicit]"`.
        TypeError: If an argument is of the wrong kind.
        ValueError: If `f` returns no residuals.
        SolveError: If the solve fails and `throw=True`.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        t = jnp.linspace(0.0, 1.0, 20)
        residuals = lambda rate, data: jnp.exp(-rate * t) - data
        print(nde.implicit.least_squares(residuals, 1.0, jnp.exp(-3.0 * t)).value)
        ```
    """
    return optimize(f, x0, args, True, solver, linear_solver, rtol, atol, max_steps, throw)
