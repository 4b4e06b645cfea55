"""Minima with the derivatives of their optimality conditions: what `minimize` and `least_squares` share."""

import importlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core import tree
from nde.core.compiled import Frozen, compiled, freeze, unfreeze
from nde.core.extras import require
from nde.core.results import RESULTS, code_of
from nde.core.types import Args, RealScalar
from nde.roots.arguments import check_flags, check_function, check_kind, step_count
from nde.roots.equation import Equation, closed_equation
from nde.roots.implicit_function import implicit_function
from nde.roots.linear import AbstractLinearSolver, LinearSolve
from nde.roots.members import Rows, norm_of
from nde.roots.solution import IterativeSolution, raise_if_any_failed, solution_from


def optimize(
    f: Callable[[Any, Args], Any],
    x0: PyTree[Any],
    args: Args,
    squares: bool,
    solver: Any,
    linear_solver: AbstractLinearSolver,
    rtol: RealScalar,
    atol: RealScalar,
    max_steps: int,
    throw: bool,
) -> IterativeSolution:
    """The minimum of an objective, or of half the sum of squares of residuals; see `minimize`."""
    place = "least_squares" if squares else "minimize"
    require(f"nde.implicit.{place}", "optimistix")
    check_function(place, f)
    check_flags(place, throw=throw)
    check_kind(place, "linear_solver", linear_solver, AbstractLinearSolver, "nde.implicit.Dense()")
    if solver is None:
        solver = _library().default_solver(squares, rtol, atol)
    check_kind(place, "solver", solver, *_library().kind_of_solver(squares))
    parts = freeze((f, solver, linear_solver))
    solution = _solve(parts, x0, args, squares, step_count(place, max_steps), throw)
    return raise_if_any_failed(solution, batched=False) if throw else solution


@compiled(static=("max_steps",))
def _solve(parts: Frozen, x0: PyTree[Any], args: Args, squares: bool, max_steps: int, throw: bool) -> IterativeSolution:
    f, solver, linear_solver = unfreeze(parts)
    equation, x = closed_equation(f, x0, args, False, "least_squares" if squares else "minimize")
    _check_result(equation, squares)
    fixed, x = tree.constant((equation, x))
    found = _library().run(fixed.result, x, solver, squares, max_steps)
    value = implicit_function(
        lambda inputs, x: _slope(equation.with_inputs(inputs), squares, x),
        equation.inputs,
        found.x,
        LinearSolve(linear_solver, throw),
    )
    residual = norm_of(_slope(fixed, squares, found.x))
    finite = jnp.isfinite(_objective(fixed, squares, x))
    code = jnp.where(finite, found.code, code_of(RESULTS.nonfinite_start)).astype(jnp.int32)
    return solution_from(value, code[None], {"num_steps": found.steps[None], "residual": residual}, equation.members)


def _objective(equation: Equation, squares: bool, x: Rows) -> Any:
    found = equation.result(x)
    if not squares:
        return found
    return sum(jnp.sum(jnp.real(r * jnp.conj(r))).astype(x.dtype) for r in jax.tree.leaves(found)) / 2


def _slope(equation: Equation, squares: bool, x: Rows) -> Rows:
    """The gradient of the objective, which is zero at a minimum."""
    return jax.grad(lambda x: _objective(equation, squares, x))(x)


def _check_result(equation: Equation, squares: bool) -> None:
    shapes = jax.tree.leaves(equation.f.shapes)
    if squares:
        if sum(shape.size for shape in shapes) == 0:
            raise ValueError("`least_squares` got a function without residuals; expected at least one number.")
        return
    scalar = len(shapes) == 1 and shapes[0].shape == () and jnp.issubdtype(shapes[0].dtype, jnp.floating)
    if not scalar:
        found = ", ".join(f"{shape.dtype}{list(shape.shape)}" for shape in shapes)
        raise ValueError(f"`minimize` got an objective whose result is {found}; expected one real number.")


def _library() -> Any:
    """What needs Optimistix, which is optional."""
    return importlib.import_module("nde.implicit._optimistix")
