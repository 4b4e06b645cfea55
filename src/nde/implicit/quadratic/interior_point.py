"""Mehrotra's predictor-corrector method for quadratic programs.

Source: Mehrotra, *On the Implementation of a Primal-Dual Interior Point Method* (1992), doi:10.1137/0802028; for
quadratic programs Nocedal and Wright, *Numerical Optimization* (2006), algorithm 16.4, doi:10.1007/978-0-387-40065-5.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.core.results import RESULTS, code_of
from nde.core.types import BoolScalar, IntScalar, RealScalar
from nde.implicit.quadratic.certificates import is_infeasible, is_unbounded
from nde.implicit.quadratic.kkt import Direction, Kkt
from nde.implicit.quadratic.program import Inequalities, Point, Program, Residuals, residuals_of

_RUNNING = -1
_BROKEN = -2
"""Codes of an iteration that has not ended, and of one that rounding has spoiled."""
_LEAST_RATIO = 1e-3
"""Linear costs smaller than this times the quadratic ones do not set the unit of costs."""
_FRACTION = 0.99
"""How much of the way to the boundary is gone at least."""
_CLEAR = 1e-6
"""An inequality is taken for binding, or for free, if its weight `z / s` is as far from that of the costs."""
_SHARPENING_STEPS = 8


class Iterate(eqx.Module):
    """What the loop carries.

    Attributes:
        at: The last point.
        left: What is left of the conditions of optimality there.
        best: The point with the lowest residual, or the one that proves that there is no solution.
        lowest: The residual there.
        steps: How many steps were taken.
        code: How the iteration ended, or that it runs.
    """

    at: Point
    left: Residuals
    best: Point
    lowest: Float[Array, ""]
    steps: IntScalar
    code: IntScalar


def solve(program: Program, tol: RealScalar, max_steps: int) -> Iterate:
    """Iterate until the conditions of optimality hold within a tolerance, or it is known that there is no solution.

    Costs are divided by their size first, so that their unit does not matter.
    """
    size = _size_of_costs(program)
    end = _iterate(_per_cost(program, size), tol, max_steps)
    return eqx.tree_at(lambda it: (it.best.y, it.best.z), end, (end.best.y * size, end.best.z * size))


def sharpened(program: Program, at: Point) -> Point:
    """A point nearer to the solution, where it is clearer which inequalities bind.

    A solution is accurate long before its derivative is: an inequality with a small multiplier binds clearly only once
    its slack is far smaller.
    """
    size = _size_of_costs(program)
    scaled = _per_cost(program, size)
    start = Point(at.x, at.y / size, at.z / size, at.s)
    least = jnp.finfo(at.s.dtype).eps ** 1.5

    def goes_on(state: tuple[Point, BoolScalar, IntScalar]) -> BoolScalar:
        at, lower, steps = state
        clear = ~_is_unclear(scaled, at) | (at.s @ at.z < least)
        return lower & ~clear & (steps < _SHARPENING_STEPS)

    def step(state: tuple[Point, BoolScalar, IntScalar]) -> tuple[Point, BoolScalar, IntScalar]:
        at, _, steps = state
        new = _improved(scaled, at, residuals_of(scaled, at))
        inside = jnp.all(~program.present | ((new.s > 0) & (new.z > 0)))
        lower = inside & (new.s @ new.z < at.s @ at.z)
        return jax.tree.map(lambda new, old: jnp.where(lower, new, old), new, at), lower, steps + 1

    end, _, _ = jax.lax.while_loop(goes_on, step, (start, jnp.asarray(True), jnp.asarray(0, jnp.int32)))
    return Point(end.x, end.y * size, end.z * size, end.s)


def _is_unclear(program: Program, at: Point) -> BoolScalar:
    """Whether the weight of an inequality is between those of one that binds and one that is free."""
    curvature = jnp.max(jnp.abs(program.P), initial=0)
    norms = jnp.where(program.squared_norms > 0, program.squared_norms, 1)
    weights = at.z / at.s * norms / jnp.where(curvature > 0, curvature, 1)
    return jnp.any(program.present & (weights > _CLEAR) & (weights < 1 / _CLEAR))


def _per_cost(program: Program, size: RealScalar) -> Program:
    """The program with costs in another unit."""
    return eqx.tree_at(lambda p: (p.P, p.q), program, (program.P / size, program.q / size))


def _size_of_costs(program: Program) -> Float[Array, ""]:
    linear, quadratic = (jnp.max(jnp.abs(x), initial=0) for x in (program.q, program.P))
    size = jnp.maximum(linear, _LEAST_RATIO * quadratic)
    return jnp.where(size > 0, size, 1)


def _iterate(program: Program, tol: RealScalar, max_steps: int) -> Iterate:
    convex = _is_convex(program)
    start = _start(_after(convex, program))
    left = residuals_of(program, start)
    code = jnp.where(convex, _RUNNING, code_of(RESULTS.not_convex)).astype(jnp.int32)
    lowest = jnp.asarray(jnp.inf, program.q.dtype)
    it = Iterate(start, left, start, lowest, jnp.asarray(0, jnp.int32), code)
    end = jax.lax.while_loop(
        lambda it: (it.code == _RUNNING) & (it.steps < max_steps), lambda it: _step(program, it, tol), it
    )
    small = end.lowest <= _reachable(program.q.dtype)
    stuck = jnp.where(small, code_of(RESULTS.tolerance_too_small), code_of(RESULTS.no_convergence))
    return eqx.tree_at(
        lambda it: it.code,
        end,
        jnp.where((end.code == _RUNNING) | (end.code == _BROKEN), stuck, end.code).astype(jnp.int32),
    )


def _after(convex: BoolScalar, program: Program) -> Program:
    """The program, with costs that wait for the test of convexity.

    Otherwise XLA factors two batches of matrices at once, on a CPU, and with few threads never returns.
    """
    return eqx.tree_at(lambda p: p.P, program, program.P + jnp.where(convex, 0, 1).astype(program.P.dtype))


def _reachable(dtype: jnp.dtype) -> float:
    """A residual that most programs reach in a precision."""
    return 1e-9 if jnp.finfo(dtype).bits == 64 else 1e-4


def _step(program: Program, it: Iterate, tol: RealScalar) -> Iterate:
    at = _improved(program, it.at, it.left)
    left = residuals_of(program, at)
    residual = _relative(program, at, left)
    code = jnp.asarray(_RUNNING, jnp.int32)
    for holds, result in (
        (~jnp.isfinite(residual), _BROKEN),
        (is_unbounded(program, at), code_of(RESULTS.unbounded)),
        (is_infeasible(program, at), code_of(RESULTS.infeasible)),
        (residual <= tol, code_of(RESULTS.successful)),
    ):
        code = jnp.where(holds, result, code)
    kept = (residual < it.lowest) | (code == code_of(RESULTS.infeasible)) | (code == code_of(RESULTS.unbounded))
    best, lowest = jax.tree.map(lambda new, old: jnp.where(kept, new, old), (at, residual), (it.best, it.lowest))
    return Iterate(at, left, best, lowest, it.steps + 1, code)


def _improved(program: Program, at: Point, left: Residuals) -> Point:
    """The point after one step: a prediction without centering, and its correction."""
    present = program.present
    count = jnp.maximum(jnp.sum(present, dtype=at.s.dtype), 1)
    gap = (at.s @ at.z) / count
    kkt = Kkt.at(program, at)
    predicted = kkt.solve(-left.dual, -left.equal, _masked(present, at.s - left.slack), refinements=0)
    ds = _slack_change(present, predicted, left)
    reach = jnp.minimum(1, _reach(present, at, predicted, ds))
    after = (at.s + reach * ds) @ (at.z + reach * predicted.dz) / count
    centering = (after / jnp.where(gap > 0, gap, 1)) ** 3 * gap
    product = jnp.where(present, at.s * at.z + ds * predicted.dz - centering, 0)
    corrected = kkt.solve(
        -left.dual, -left.equal, _masked(present, product / _nonzero(present, at.z) - left.slack), refinements=1
    )
    ds = _slack_change(present, corrected, left)
    length = jnp.minimum(1, jnp.maximum(_FRACTION, 1 - gap) * _reach(present, at, corrected, ds))
    return Point(
        at.x + length * corrected.dx,
        at.y + length * corrected.dy,
        jnp.where(present, at.z + length * corrected.dz, 0),
        jnp.where(present, at.s + length * ds, 1),
    )


def _start(program: Program) -> Point:
    """The solution with squared slacks as costs, moved to where multipliers and slacks are positive."""
    ones = jnp.ones_like(program.limits)
    zeros = jnp.zeros_like(program.q), jnp.zeros_like(program.b)
    kkt = Kkt.at(program, Point(*zeros, ones, ones))
    found = kkt.solve(-program.q, program.b, program.limits, refinements=1)
    present = program.present
    return Point(
        found.dx,
        found.dy,
        jnp.where(present, _positive(present, found.dz), 0),
        jnp.where(present, _positive(present, -found.dz), 1),
    )


def _positive(present: Array, x: Inequalities) -> Inequalities:
    least = jnp.min(jnp.where(present, x, jnp.inf), initial=jnp.inf)
    return jnp.where(least <= 0, x - least + 1, x)


def _masked(present: Array, x: Inequalities) -> Inequalities:
    return jnp.where(present, x, 0)


def _slack_change(present: Array, of: Direction, left: Residuals) -> Inequalities:
    return _masked(present, -left.slack - of.rows)


def _reach(present: Array, at: Point, of: Direction, ds: Inequalities) -> RealScalar:
    """How many times the direction can be added until a slack or a multiplier vanishes."""
    steepest = jnp.maximum(_steepest(present, ds / at.s), _steepest(present, of.dz / _nonzero(present, at.z)))
    return 1 / jnp.maximum(steepest, jnp.finfo(at.s.dtype).tiny)


def _nonzero(present: Array, z: Inequalities) -> Inequalities:
    return jnp.where(present, z, 1)


def _steepest(present: Array, rates: Inequalities) -> Float[Array, ""]:
    return jnp.max(jnp.where(present, -rates, 0), initial=0)


def _relative(program: Program, at: Point, left: Residuals) -> Float[Array, ""]:
    """The largest residual: of stationarity in units of costs, of constraints relative to their right-hand sides."""

    def largest(x: Array) -> Float[Array, ""]:
        return jnp.max(jnp.abs(x), initial=0)

    primal = jnp.maximum(1, jnp.maximum(largest(program.b), largest(program.limits)))
    parts = (
        largest(left.dual),
        largest(left.equal) / primal,
        largest(left.slack) / primal,
        largest(jnp.where(program.present, at.s * at.z, 0)) / primal,
    )
    worst = parts[0]
    for part in parts[1:]:
        worst = jnp.maximum(worst, part)
    return worst


def _is_convex(program: Program) -> BoolScalar:
    """Whether no eigenvalue of `P` is negative, but for rounding."""
    P = program.P
    size = jnp.max(jnp.abs(P), initial=0)
    slack = jnp.finfo(P.dtype).eps ** 0.5 * size
    if P.ndim == 1:
        return jnp.min(P, initial=0) >= -slack
    shifted = P + (slack + jnp.finfo(P.dtype).tiny) * jnp.eye(len(P), dtype=P.dtype)
    return jnp.all(jnp.isfinite(jnp.linalg.cholesky(shifted)))
