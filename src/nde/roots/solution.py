"""What an iterative solve returns."""

from typing import Any

import equinox as eqx
import jax
from jaxtyping import PyTree

from nde.core.report import raise_if_failed
from nde.core.results import RESULTS, result_of, traced_code
from nde.core.types import RealScalar
from nde.roots.iteration import Iterate
from nde.roots.linear import Codes
from nde.roots.members import Members, Rows


class IterativeSolution(eqx.Module):
    """The result of `root`, `fixed_point`, `least_squares` or `minimize`.

    Attributes:
        value: The solution; if the solve failed, the point with the lowest residual.
        result: How the solve ended; one for each member with `batched=True`.
        stats: `num_steps`, and `residual`, the norm (root mean square) of the residual at `value`; with `history=True`
            also `residuals`, of shape `(max_steps + 1,)`, or `(members, max_steps + 1)`: the norm at the start and
            after each step, infinite after the last.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        sol = nde.implicit.root(lambda x, args: jnp.cos(x) - x, 1.0)
        assert sol.result == nde.RESULTS.successful
        print(sol.value, sol.stats["num_steps"], sol.stats["residual"])
        ```
    """

    value: PyTree[Any]
    result: RESULTS
    stats: dict[str, Any]


def solution_of(it: Iterate, value: Rows, members: Members) -> IterativeSolution:
    """The end of an iteration as the user sees it.

    Args:
        it: The end.
        value: Its best point, with its derivative.
        members: How rows are the user's pytree.
    """
    stats = {"num_steps": it.steps, "residual": it.lowest}
    if it.residuals is not None:
        stats["residuals"] = it.residuals.T
    return solution_from(value, it.code, jax.lax.stop_gradient(stats), members)


def solution_from(value: Rows, code: Codes, stats: dict[str, Any], members: Members) -> IterativeSolution:
    """A solution from what each member found, and how."""
    return IterativeSolution(members.tree(value), members.each(jax.vmap(result_of)(code)), members.each(stats))


def raise_if_any_failed(solution: IterativeSolution, batched: bool, **given: RealScalar) -> IterativeSolution:
    """The solution; a failed solve raises, of a batch for the first member that failed.

    Args:
        solution: The solution.
        batched: Whether it has members.
        given: What a message may quote, such as the tolerances.

    Raises:
        SolveError: With what to try.
    """

    def one(solution: IterativeSolution) -> IterativeSolution:
        stats = solution.stats
        facts = lambda: {"steps": stats["num_steps"], "residual": stats["residual"], **given}
        return raise_if_failed(solution, lambda s: s.value, traced_code(solution.result), facts)

    return jax.vmap(one)(solution) if batched else one(solution)
