"""Minimizers and least squares of Optimistix, with result codes and derivatives of ours."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optimistix as optx

from nde.core.results import RESULTS, code_of
from nde.core.types import IntScalar, RealScalar
from nde.roots.members import Rows


class Minimum(eqx.Module):
    """Where an optimizer of Optimistix ended: the best point, how, and after how many steps."""

    x: Rows
    code: IntScalar
    steps: IntScalar


def kind_of_solver(squares: bool) -> tuple[type, str]:
    """The class of solvers that are fit for least squares, or for any objective, and an example."""
    if squares:
        return optx.AbstractLeastSquaresSolver, "optimistix.LevenbergMarquardt(rtol=1e-5, atol=1e-6)"
    return optx.AbstractMinimiser, "optimistix.BFGS(rtol=1e-5, atol=1e-6)"


def default_solver(squares: bool, rtol: RealScalar, atol: RealScalar) -> Any:
    """Levenberg-Marquardt for least squares, otherwise BFGS."""
    solver: Any = optx.LevenbergMarquardt if squares else optx.BFGS
    return solver(rtol, atol)


def run(f: Callable[[Rows], Any], x0: Rows, solver: Any, squares: bool, max_steps: int) -> Minimum:
    """The best point that a solver finds; a constant of differentiation.

    Args:
        f: Residuals, any pytree, for least squares, otherwise an objective.
        x0: Where to begin.
        solver: A solver of Optimistix.
        squares: Whether the sum of squares is minimized.
        max_steps: Most steps.
    """
    wrap: Any = optx.BestSoFarLeastSquares if squares else optx.BestSoFarMinimiser
    minimize: Any = optx.least_squares if squares else optx.minimise
    fn = lambda x, _: f(x)
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        found = minimize(fn, wrap(solver), x0, max_steps=max_steps, throw=False)
    x = jnp.where(jnp.all(jnp.isfinite(found.value)), found.value, x0)
    return Minimum(x, _code(found.result), jnp.asarray(found.stats["num_steps"], jnp.int32))


def _code(result: optx.RESULTS) -> IntScalar:
    known = (
        (optx.RESULTS.successful, RESULTS.successful),
        (optx.RESULTS.nonlinear_max_steps_reached, RESULTS.no_convergence),
        (optx.RESULTS.max_steps_reached, RESULTS.no_linear_convergence),
        (optx.RESULTS.singular, RESULTS.singular_jacobian),
    )
    code = jnp.asarray(code_of(RESULTS.diverged), jnp.int32)
    for theirs, ours in known:
        code = jnp.where(result == theirs, code_of(ours), code)
    return code.astype(jnp.int32)
