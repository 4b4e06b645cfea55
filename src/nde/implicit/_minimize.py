"""Minima of objectives."""

from collections.abc import Callable
from typing import Any

from jaxtyping import PyTree

from nde.core.types import Args, RealScalar
from nde.implicit.optimization import optimize
from nde.roots.dense import Dense
from nde.roots.linear import AbstractLinearSolver
from nde.roots.solution import IterativeSolution


def minimize(
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
    """Find a local minimum of a smooth function `f(x, args)`, by a solver of Optimistix.

    The derivative of the minimum is that of its optimality condition, `∇f = 0`, by the implicit function theorem: in
    both modes and of any order, with the Hessian of `f`.

    Args:
        f: An objective: one real number.
        x0: Where to begin, any pytree of arrays or numbers.
        args: Handed to `f`.
        solver: A minimizer of Optimistix; by default `optimistix.BFGS(rtol, atol)`.
        linear_solver: Of the system with the Hessian that the derivative solves.
        rtol: Relative tolerance of the default solver.
        atol: Absolute tolerance of the default solver.
        max_steps: Most steps.
        throw: Whether a failure raises; otherwise `result` holds it. It concerns the derivative, too.

    Returns:
        The solution: `value`, `result`, and `stats` with `num_steps` and `residual`, the norm of the gradient.

    Raises:
        ModuleNotFoundError: If Optimistix is not installed: `pip install "nde[implicit]"`.
        TypeError: If an argument is of the wrong kind.
        ValueError: If the result of `f` is not one real number.
        SolveError: If the solve fails and `throw=True`.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        cost = lambda x, target: jnp.sum((x - target) ** 2) + jnp.sum(x**4)
        best = lambda target: nde.implicit.minimize(cost, jnp.zeros(2), target).value
        print(best(jnp.array([1.0, 2.0])), jax.jacrev(best)(jnp.array([1.0, 2.0])))
        ```
    """
    return optimize(f, x0, args, False, solver, linear_solver, rtol, atol, max_steps, throw)
