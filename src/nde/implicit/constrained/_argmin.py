"""Minima under constraints."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.arrays import inexact_arrays
from nde.core.compiled import Frozen, compiled, freeze, unfreeze
from nde.core.describe import describe
from nde.core.report import raise_if_failed
from nde.core.results import result_of, traced_code
from nde.core.types import Args, RealScalar
from nde.implicit.constrained.problem import Flat, Point, Problem, Variables
from nde.implicit.constrained.sequence import solve
from nde.implicit.constrained.solution import ConstrainedSolution
from nde.roots.arguments import check_flags, check_function, check_kind, check_positive, step_count
from nde.roots.dense import Dense
from nde.roots.equation import Equation, closed_equation
from nde.roots.implicit_function import implicit_function
from nde.roots.linear import AbstractLinearSolver, LinearSolve
from nde.roots.members import Members, Rows

Function = Callable[[Any, Args], Any]


def argmin(
    f: Function,
    x0: PyTree[Any],
    args: Args = None,
    *,
    equalities: Function | None = None,
    inequalities: Function | None = None,
    lower: Any = None,
    upper: Any = None,
    linear_solver: AbstractLinearSolver = Dense(),
    tol: RealScalar | None = None,
    max_steps: int = 100,
    throw: bool = True,
) -> ConstrainedSolution:
    r"""Find a local minimum of a smooth function under constraints, by sequential quadratic programming.

    $$\min_x f(x, a) \quad\text{with}\quad g(x, a) = 0,\; h(x, a) \le 0,\; \ell \le x \le r$$

    Minimum and multipliers are differentiable with respect to `args`, the bounds, and what the functions capture, by
    the implicit function theorem for the conditions of optimality of Karush, Kuhn and Tucker; in both modes and of any
    order. Where a constraint binds without a force, the derivative lies between those of both sides.

    A step uses the whole Hessian, so this is for up to some hundred variables. Without constraints and with more of
    them use `minimize`; for a quadratic `f` and linear constraints use `quadratic_program`, which finds the global
    minimum and proves that there is none.

    Args:
        f: An objective `(x, args)`: one real number, twice differentiable.
        x0: Where to begin, any pytree of real arrays or numbers. It need not fulfill the constraints.
        args: Handed to the functions.
        equalities: The function `g(x, args)`: any pytree of arrays, zero at the solution.
        inequalities: The function `h(x, args)`: any pytree of arrays, at most zero at the solution.
        lower: Lower bounds of the variables: a number, or a pytree as `x0`; `-inf` where there is none.
        upper: Upper bounds, likewise; `inf` where there is none.
        linear_solver: Of the linear system that the derivative solves.
        tol: The largest error of the conditions of optimality; of stationarity relative to the gradient of `f` if this
            exceeds one. By default 1e-8 in double and 1e-4 in single precision.
        max_steps: Most steps.
        throw: Whether a failure raises; otherwise `result` holds it. It concerns the derivative, too, which fails where
            constraints depend on each other.

    Returns:
        The solution: `value`, the multipliers, `result` and `stats`.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If the result of `f` is not one real number, shapes do not fit, or `tol` is not positive.
        SolveError: If the solve fails and `throw=True`.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        def nearest(point):  # of a circle
            circle = lambda x, args: jnp.sum(x**2) - 1
            distance = lambda x, point: jnp.sum((x - point) ** 2)
            return nde.implicit.argmin(distance, jnp.ones(2), point, equalities=circle).value

        print(nearest(jnp.array([3.0, 4.0])), jax.jacobian(nearest)(jnp.array([3.0, 4.0])))
        ```
    """
    for function in (f, *(each for each in (equalities, inequalities) if each is not None)):
        check_function("argmin", function)
    check_flags("argmin", throw=throw)
    check_kind("argmin", "linear_solver", linear_solver, AbstractLinearSolver, "nde.implicit.Dense()")
    if tol is not None:
        check_positive("argmin", "tol", tol)
    parts = freeze((f, equalities, inequalities, linear_solver))
    found = _solve(parts, x0, args, lower, upper, tol, step_count("argmin", max_steps), throw)
    if not throw:
        return found
    facts = lambda: {"steps": found.stats["num_steps"], "residual": found.stats["residual"]}
    tied = lambda s: (s.value, s.y, s.z, s.z_lower, s.z_upper)
    return raise_if_failed(found, tied, traced_code(found.result), facts)


@compiled(static=("max_steps",))
def _solve(
    parts: Frozen,
    x0: PyTree[Any],
    args: Args,
    lower: Any,
    upper: Any,
    tol: RealScalar | None,
    max_steps: int,
    throw: bool,
) -> ConstrainedSolution:
    f, equalities, inequalities, linear_solver = unfreeze(parts)
    equation, start = closed_equation(_together(f, equalities, inequalities), x0, args, False, "argmin")
    _check_result(equation)
    bounds = (_bound(name, bound, equation.members) for name, bound in (("lower", lower), ("upper", upper)))
    problem = Problem(equation, *bounds)
    fixed, start = tree.constant((problem, start[0]))
    end = solve(fixed, start, _tolerance(tol, start), max_steps)
    at = _differentiable(problem, end.best, linear_solver, throw)
    stats = jax.lax.stop_gradient({"num_steps": end.steps, "residual": end.lowest})
    tree_of = lambda x: equation.members.tree((jnp.zeros_like(at.x) if x is None else x)[None])
    return ConstrainedSolution(
        tree_of(at.x), at.y, at.z, tree_of(at.z_lower), tree_of(at.z_upper), result_of(end.code), stats
    )


def _differentiable(problem: Problem, at: Point, linear_solver: AbstractLinearSolver, throw: bool) -> Point:
    """The point, with its derivative by the implicit function theorem for the conditions of optimality."""
    equation = problem.equation

    def conditions(inputs: PyTree[Any], flat: Rows) -> Rows:
        of_equation, lower, upper = inputs
        return Problem(equation.with_inputs(of_equation), lower, upper).conditions(at.like(flat[0])).flat[None]

    inputs = (equation.inputs, problem.lower, problem.upper)
    return at.like(implicit_function(conditions, inputs, at.flat[None], LinearSolve(linear_solver, throw))[0])


def _together(f: Function, equalities: Function | None, inequalities: Function | None) -> Function:
    """The objective and the numbers of all constraints, as one function."""

    def numbers(constraints: Function | None, x: Any, args: Args) -> Flat:
        found = [] if constraints is None else inexact_arrays(jax.tree.leaves(constraints(x, args)), "a constraint")
        return jnp.concatenate([jnp.ravel(leaf) for leaf in found]) if found else jnp.zeros(0)

    return lambda x, args: (f(x, args), numbers(equalities, x, args), numbers(inequalities, x, args))


def _check_result(equation: Equation) -> None:
    if any(jnp.issubdtype(shape.dtype, jnp.complexfloating) for shape in equation.members.shapes):
        raise TypeError("`argmin` got complex numbers in `x0`; expected real ones.")
    objective, *constraints = equation.f.shapes
    shapes = jax.tree.leaves(objective)
    if len(shapes) != 1 or shapes[0].shape != () or not jnp.issubdtype(shapes[0].dtype, jnp.floating):
        found = ", ".join(f"{shape.dtype}{list(shape.shape)}" for shape in shapes)
        raise ValueError(f"`argmin` got an objective whose result is {found}; expected one real number.")
    if any(jnp.issubdtype(shape.dtype, jnp.complexfloating) for shape in constraints):
        raise TypeError("`argmin` got a constraint with complex numbers; expected real ones.")


def _bound(name: str, bound: Any, members: Members) -> Variables | None:
    """A bound for each number of `x0`."""
    if bound is None:
        return None
    given = inexact_arrays(bound, f"`{name}`")
    number = isinstance(given, Array) and given.ndim == 0
    if not number and jax.tree.structure(given) != members.structure:
        raise ValueError(f"`argmin` got {describe(bound)} as `{name}`; expected a number, or a pytree as `x0`.")
    leaves = [given] * len(members.shapes) if number else jax.tree.leaves(given)
    for leaf, shape in zip(leaves, members.shapes, strict=True):
        if leaf.shape not in ((), shape.shape):
            raise ValueError(
                f"`argmin` got `{name}` of shape {leaf.shape} for an `x0` of shape {shape.shape}; expected that shape."
            )
    whole = [jnp.broadcast_to(leaf, shape.shape) for leaf, shape in zip(leaves, members.shapes, strict=True)]
    return members.rows(jax.tree.unflatten(members.structure, whole))[0]


def _tolerance(tol: RealScalar | None, x: Variables) -> RealScalar:
    if tol is not None:
        return tol
    return 1e-8 if jnp.finfo(x.dtype).bits == 64 else 1e-4
