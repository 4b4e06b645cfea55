"""Whether the derivative of a fixed point can be computed."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core import tree
from nde.core.compiled import Frozen, compiled, freeze, unfreeze
from nde.core.results import RESULTS, result_of
from nde.core.types import Args
from nde.implicit.problem import Displacement
from nde.roots.arguments import check_flags, check_function, check_kind
from nde.roots.equation import equation_of
from nde.roots.gmres import GMRES
from nde.roots.linear import AbstractLinearSolver


def derivative_result(
    f: Callable[[Any, Args], Any],
    x: PyTree[Any],
    args: Args = None,
    *,
    linear_solver: AbstractLinearSolver = GMRES(),
    batched: bool = False,
) -> RESULTS:
    """How the linear system of reverse mode ends at a fixed point, for a right-hand side with all frequencies.

    A gradient itself can only raise or be silent; this is a result code for it. `RESULTS.successful` means that the
    system has an accurate solution. At a nearly singular one, where 1 is nearly an eigenvalue of `∂f/∂x`, it is
    `RESULTS.singular_jacobian` or `RESULTS.no_linear_convergence`.

    Args:
        f: The map.
        x: Its fixed point, `sol.value`.
        args: Handed to `f`.
        linear_solver: That of the `ImplicitGradient` in question.
        batched: As for `fixed_point`; then there is a result for each member.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If the result of `f` is not shaped as `x`.

    Example:
        ```python
        import nde

        nearly = lambda x, a: a * x
        assert nde.implicit.derivative_result(nearly, 0.0, 0.5) == nde.RESULTS.successful
        dense = nde.implicit.Dense()
        assert nde.implicit.derivative_result(nearly, 0.0, 1.0, linear_solver=dense) == nde.RESULTS.singular_jacobian
        ```
    """
    check_function("derivative_result", f)
    check_kind("derivative_result", "linear_solver", linear_solver, AbstractLinearSolver, "nde.implicit.GMRES()")
    check_flags("derivative_result", batched=batched)
    return _result(freeze((f, linear_solver)), x, args, batched)


@compiled()
def _result(parts: Frozen, x: PyTree[Any], args: Args, batched: bool) -> RESULTS:
    f, linear_solver = unfreeze(parts)
    equation, rows = tree.constant(equation_of(f, x, args, batched, "derivative_result"))
    _, matvec = jax.linearize(Displacement(equation), rows)
    transposed = jax.linear_transpose(matvec, rows)
    b = jnp.broadcast_to(jnp.cos(jnp.arange(rows.shape[1], dtype=rows.dtype) ** 2)[None], rows.shape)
    found = linear_solver.solve(linear_solver.init(matvec, rows), lambda v: transposed(v)[0], b, transposed=True)
    return equation.members.each(jax.vmap(result_of)(found.code))
