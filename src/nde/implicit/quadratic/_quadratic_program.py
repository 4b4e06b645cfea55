"""Quadratic programs."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.core import tree
from nde.core.compiled import compiled
from nde.core.report import raise_if_failed
from nde.core.results import result_of, traced_code
from nde.core.types import RealScalar
from nde.implicit.quadratic.arguments import program_of
from nde.implicit.quadratic.derivative import differentiable
from nde.implicit.quadratic.interior_point import solve
from nde.implicit.quadratic.program import Program
from nde.implicit.quadratic.solution import QuadraticSolution
from nde.roots.arguments import check_flags, check_positive, step_count


def quadratic_program(
    P: Any,
    q: Any,
    A: Any = None,
    b: Any = None,
    G: Any = None,
    h: Any = None,
    *,
    lower: Any = None,
    upper: Any = None,
    tol: RealScalar | None = None,
    max_steps: int = 50,
    throw: bool = True,
) -> QuadraticSolution:
    r"""Minimize a convex quadratic function with linear constraints.

    $$\min_x \tfrac12 x^\top P x + q^\top x \quad\text{with}\quad A x = b,\; G x \le h,\; l \le x \le u.$$

    Solution and multipliers are differentiable with respect to all arrays, in both modes and of any order; `jax.vmap`
    solves many programs at once, each of which stops by itself. Where the solution has a kink, because a constraint
    binds without a force, the derivative lies between those of both sides.

    Args:
        P: A positive semidefinite matrix, of shape `(variables, variables)`, of which the symmetric part counts; or the
            diagonal of a diagonal one, `(variables,)`. With a diagonal and without `G`, a step costs a factorization of
            a matrix of equalities by equalities only.
        q: Linear costs, `(variables,)`.
        A: Equality constraints, `(equalities, variables)`.
        b: Their right-hand sides, `(equalities,)`.
        G: Inequality constraints, `(inequalities, variables)`.
        h: Their right-hand sides, `(inequalities,)`; infinite where there is no constraint.
        lower: Lower bounds of the variables, a number or `(variables,)`; `-inf` where there is none.
        upper: Upper bounds, a number or `(variables,)`; `inf` where there is none.
        tol: The largest error of the conditions of optimality: of stationarity relative to the largest cost, of
            constraints relative to the largest right-hand side if this exceeds one. By default 1e-9 in double and 1e-4
            in single precision.
        max_steps: Most steps; ten to twenty are usual.
        throw: Whether a failure raises; otherwise `result` holds it.

    Returns:
        The solution: `value`, the multipliers, `result` and `stats`. After a failure `value` is the point with the
        lowest residual, or what proves that there is no solution.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If shapes do not fit, or a constraint lacks its right-hand side.
        SolveError: If there is no solution (the constraints contradict each other, or the costs are unbounded), `P` has
            a negative eigenvalue, or the tolerance is not reached, and `throw=True`.

    Sources: Mehrotra (1992), doi:10.1137/0802028; for the derivative Amos and Kolter (2017),
    doi:10.48550/arXiv.1703.00443.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        def weights(returns):  # of a portfolio: their sum is one, and none is negative
            risk = jnp.diag(jnp.array([1.0, 2.0, 4.0]))
            one = jnp.ones((1, 3))
            return nde.implicit.quadratic_program(risk, -returns, one, jnp.ones(1), lower=0.0).value

        returns = jnp.array([0.1, 0.5, 0.2])
        print(weights(returns), jax.jacobian(weights)(returns))
        ```
    """
    check_flags("quadratic_program", throw=throw)
    max_steps = step_count("quadratic_program", max_steps)
    program = program_of(P, q, A, b, G, h, lower, upper)
    found = _solve(program, _tolerance(tol, program), max_steps)
    if not throw:
        return found
    facts = lambda: {"steps": found.stats["num_steps"], "residual": found.stats["residual"]}
    tied = lambda s: (s.value, s.y, s.z, s.z_lower, s.z_upper)
    return raise_if_failed(found, tied, traced_code(found.result), facts)


@compiled(static=("max_steps",))
def _solve(program: Program, tol: RealScalar, max_steps: int) -> QuadraticSolution:
    end = solve(tree.constant(program), tol, max_steps)
    x, y, z = differentiable(program, end.best)
    rows, lower, upper = (jnp.zeros(0, x.dtype) if part is None else part for part in program.split(z))
    stats = {"num_steps": end.steps, "residual": end.lowest}
    return QuadraticSolution(x, y, rows, lower, upper, result_of(end.code), stats)


def _tolerance(tol: RealScalar | None, program: Program) -> RealScalar | Float[Array, ""]:
    if tol is not None:
        check_positive("quadratic_program", "tol", tol)
        return tol
    return 1e-9 if jnp.finfo(program.q.dtype).bits == 64 else 1e-4
