"""Sequential quadratic programming.

Each step minimizes a quadratic model of the Lagrangian with linearized constraints. What remains of these is allowed at
a price, so that there always is a step, and the length of the step is chosen by the same price of violations.

Source: Nocedal and Wright, *Numerical Optimization* (2006), sections 18.1 to 18.5, doi:10.1007/978-0-387-40065-5.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.core.results import RESULTS, code_of
from nde.core.types import IntScalar, RealScalar
from nde.implicit.constrained.problem import Point, Problem, Values, Variables
from nde.implicit.quadratic.interior_point import solve as solve_quadratic
from nde.implicit.quadratic.program import Program

_RUNNING = -1
_MEMORY = 5
"""A step need not be better than the worst of so many points before: a curved constraint would shorten it."""
_DECREASE = 1e-4
"""The least share of the decrease that the model promises."""
_SHORTEST = 2.0**-30
_FLATTEST = 1e-7
"""The least curvature of the model, relative to the largest."""
_PRICE_GROWS = 10.0
_HIGHEST_PRICE = 1e7
_FAR = 1e8
"""So many times farther than the start, if this is far, is divergence."""
_INNER_STEPS = 40


class Iterate(eqx.Module):
    """What the loop carries.

    Attributes:
        at: The last point.
        values: Objective and constraints there.
        price: The price of a violation, relative to the objective.
        costs: The objective at the last points.
        violations: The violations there.
        best: The point that missed the conditions of optimality least.
        lowest: The residual there.
        steps: How many steps were taken.
        code: How the iteration ended, or that it runs.
    """

    at: Point
    values: Values
    price: Float[Array, ""]
    costs: Float[Array, " memory"]
    violations: Float[Array, " memory"]
    best: Point
    lowest: Float[Array, ""]
    steps: IntScalar
    code: IntScalar


class Step(eqx.Module):
    """The solution of a quadratic model: the change of variables, new multipliers, and what the model promises.

    Attributes:
        dx: The change of variables.
        at: The old variables with new multipliers.
        violation: The violation of the linearized constraints.
        decrease: By how much the merit changes at least along the step, to first order; negative.
    """

    dx: Variables
    at: Point
    violation: Float[Array, ""]
    decrease: Float[Array, ""]


def solve(problem: Problem, x0: Variables, tol: RealScalar, max_steps: int) -> Iterate:
    """Iterate until the conditions of optimality hold within a tolerance."""
    at = problem.start(x0)
    values = problem.values(at.x)
    finite = jnp.isfinite(values.f) & jnp.isfinite(values.violation)
    lowest = residual_of(problem, at)
    code = jnp.where(lowest <= tol, code_of(RESULTS.successful), _RUNNING)
    code = jnp.where(finite, code, code_of(RESULTS.nonfinite_start)).astype(jnp.int32)
    recent = jnp.zeros(_MEMORY, x0.dtype)
    price = jnp.ones((), x0.dtype)
    start = Iterate(
        at, values, price, recent + values.f, recent + values.violation, at, lowest, jnp.asarray(0, jnp.int32), code
    )
    far = _FAR * jnp.maximum(1, jnp.max(jnp.abs(x0)))
    end = jax.lax.while_loop(
        lambda it: (it.code == _RUNNING) & (it.steps < max_steps), lambda it: _next(problem, it, tol, far), start
    )
    stuck = jnp.where(end.code == _RUNNING, code_of(RESULTS.no_convergence), end.code)
    return eqx.tree_at(lambda it: it.code, end, stuck.astype(jnp.int32))


def residual_of(problem: Problem, at: Point) -> Float[Array, ""]:
    """The largest error of the conditions of optimality: of stationarity relative to the gradient, if this is large."""
    left = problem.conditions(at)
    size = jnp.maximum(1, jnp.max(jnp.abs(problem.slopes(at.x).f)))
    return jnp.max(jnp.abs(eqx.tree_at(lambda p: p.x, left, left.x / size).flat))


def _next(problem: Problem, it: Iterate, tol: RealScalar, far: RealScalar) -> Iterate:
    step = _step(problem, it, tol)
    length, values = _search(problem, it, step)
    at = eqx.tree_at(lambda p: p.x, step.at, problem.within_bounds(it.at.x + length * step.dx))
    residual = residual_of(problem, at)
    better = residual < it.lowest
    best = jax.tree.map(lambda new, old: jnp.where(better, new, old), at, it.best)
    return Iterate(
        at,
        values,
        _price(it, step, tol),
        jnp.append(it.costs[1:], values.f),
        jnp.append(it.violations[1:], values.violation),
        best,
        jnp.where(better, residual, it.lowest),
        it.steps + 1,
        _code(it, step, at, length, residual, tol, far),
    )


def _code(
    it: Iterate,
    step: Step,
    at: Point,
    length: RealScalar,
    residual: RealScalar,
    tol: RealScalar,
    far: RealScalar,
) -> IntScalar:
    blocked = length < _SHORTEST
    still = blocked | (jnp.max(jnp.abs(step.dx)) <= tol)
    violated = step.violation > tol
    dearer = violated & (it.price < _HIGHEST_PRICE)
    lost = ~jnp.all(jnp.isfinite(at.flat)) | (jnp.max(jnp.abs(at.x)) > far)
    code = jnp.where(blocked & ~dearer, code_of(RESULTS.no_convergence), _RUNNING)
    code = jnp.where(still & violated & ~dearer, code_of(RESULTS.locally_infeasible), code)
    code = jnp.where(lost, code_of(RESULTS.diverged), code)
    return jnp.where(residual <= tol, code_of(RESULTS.successful), code).astype(jnp.int32)


def _price(it: Iterate, step: Step, tol: RealScalar) -> Float[Array, ""]:
    """The price for the next step: above all multipliers, and higher if it was worth paying."""
    multipliers = jnp.abs(jnp.concatenate([step.at.y, step.at.z]))
    needed = jnp.maximum(1, 2 * jnp.max(multipliers, initial=0))
    paid = step.violation > tol
    return jnp.where(paid, jnp.minimum(_PRICE_GROWS * it.price, _HIGHEST_PRICE), jnp.minimum(needed, _HIGHEST_PRICE))


def _step(problem: Problem, it: Iterate, tol: RealScalar) -> Step:
    """Minimize the model. Its variables are the change `dx` and, at a price, what each constraint is violated by."""
    at, values = it.at, it.values
    slopes = problem.slopes(at.x)
    model = _model(problem, it, slopes)
    found = solve_quadratic(model, tol / 100, _INNER_STEPS).best
    dx = found.x[: len(at.x)]
    rows, lower, upper = model.split(found.z)
    after = Values(values.f, values.g + slopes.g @ dx, values.h + slopes.h @ dx)
    new = Point(
        at.x,
        found.y,
        jnp.zeros_like(at.z) if rows is None else rows,
        None if lower is None or at.z_lower is None else lower[: len(at.x)],
        None if upper is None or at.z_upper is None else upper[: len(at.x)],
    )
    decrease = slopes.f @ dx + it.price * (after.violation - values.violation)
    return Step(dx, new, after.violation, jnp.minimum(decrease, 0))


def _model(problem: Problem, it: Iterate, slopes: Values) -> Program:
    at, values, size = it.at, it.values, len(it.at.x)
    equalities, inequalities = len(at.y), len(at.z)
    slacks = 2 * equalities + inequalities
    dtype = at.x.dtype
    hessian = _convex(jax.hessian(lambda x: problem.lagrangian(at, x))(at.x))
    P = jnp.zeros((size + slacks,) * 2, dtype).at[:size, :size].set(hessian)
    q = jnp.concatenate([slopes.f, jnp.full(slacks, 1, dtype) * it.price])
    one = jnp.eye(equalities, dtype=dtype)
    A = jnp.concatenate([slopes.g, one, -one, jnp.zeros((equalities, inequalities), dtype)], axis=1)
    G, h = None, None
    if inequalities:
        below = -jnp.eye(inequalities, dtype=dtype)
        G = jnp.concatenate([slopes.h, jnp.zeros((inequalities, 2 * equalities), dtype), below], axis=1)
        h = -values.h
    free = jnp.full(size, -jnp.inf, dtype) if problem.lower is None else problem.lower - at.x
    lower = None if problem.lower is None and not slacks else jnp.append(free, jnp.zeros(slacks, dtype))
    upper = None if problem.upper is None else jnp.append(problem.upper - at.x, jnp.full(slacks, jnp.inf, dtype))
    return Program(P, q, A, -values.g, G, h, lower, upper)


def _convex(hessian: Float[Array, "variables variables"]) -> Float[Array, "variables variables"]:
    """The matrix with the absolute values of its eigenvalues, none of which vanishes."""
    curvatures, directions = jnp.linalg.eigh(hessian)
    size = jnp.abs(curvatures)
    positive = jnp.maximum(size, _FLATTEST * jnp.maximum(1, jnp.max(size)))
    return (directions * positive[None]) @ directions.T


def _search(problem: Problem, it: Iterate, step: Step) -> tuple[RealScalar, Values]:
    """The first of the lengths 1, 1/2, 1/4, … with enough of the decrease, and the values there."""
    worst = jnp.max(it.costs + it.price * it.violations)
    rounding = 10 * jnp.finfo(worst.dtype).eps * (jnp.abs(it.values.f) + it.price * it.values.violation)

    def values_at(length: RealScalar) -> Values:
        return problem.values(problem.within_bounds(it.at.x + length * step.dx))

    def too_long(state: tuple[Float[Array, ""], Values]) -> Array:
        length, values = state
        merit = values.f + it.price * values.violation
        enough = merit <= worst + _DECREASE * length * step.decrease + rounding
        return ~enough & (length >= _SHORTEST)

    one = jnp.ones((), worst.dtype)
    return jax.lax.while_loop(too_long, lambda s: (s[0] / 2, values_at(s[0] / 2)), (one, values_at(one)))
