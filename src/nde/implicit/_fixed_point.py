"""Fixed points of maps."""

from collections.abc import Callable
from typing import Any

from jaxtyping import PyTree

from nde.core import tree
from nde.core.compiled import Frozen, compiled, freeze, unfreeze
from nde.core.types import Args, RealScalar
from nde.implicit.anderson import Anderson
from nde.implicit.gradients import AbstractFixedPointGradient, ImplicitGradient
from nde.implicit.problem import FixedPoint
from nde.roots.arguments import check_flags, check_function, check_kind, step_count
from nde.roots.equation import equation_of
from nde.roots.iteration import AbstractIterativeSolver
from nde.roots.solution import IterativeSolution, raise_if_any_failed, solution_of


def fixed_point(
    f: Callable[[Any, Args], Any],
    x0: PyTree[Any],
    args: Args = None,
    *,
    solver: AbstractIterativeSolver = Anderson(),
    gradient: AbstractFixedPointGradient = ImplicitGradient(),
    rtol: RealScalar = 1e-5,
    atol: RealScalar = 1e-6,
    max_steps: int = 100,
    batched: bool = False,
    history: bool = False,
    throw: bool = True,
) -> IterativeSolution:
    """Solve `x = f(x, args)` for `x`: the equilibrium of a layer, a steady state, the limit of an iteration.

    It ends where `|f(x) - x| <= atol + rtol |f(x)|`, in the root mean square over all numbers of `x`.

    Args:
        f: A map to what is shaped as `x`.
        x0: Where to begin, any pytree of arrays or numbers, real or complex; a solution of a similar problem, if there
            is one (a warm start).
        args: Handed to `f`.
        solver: `Anderson()`, `Picard()`, `Broyden()`, `NewtonKrylov()`, `ReversiblePicard()`, or `Newton()` for a small
            `x`.
        gradient: How the fixed point is differentiated; by default by the implicit function theorem.
        rtol: Relative tolerance.
        atol: Absolute tolerance.
        max_steps: Most steps.
        batched: Whether the first axis of `x0` and of the result of `f` counts members of a batch, each of which
            depends on itself alone and stops by itself. Under `jax.vmap` each lane does so anyway.
        history: Whether `stats["residuals"]` is kept.
        throw: Whether a failure raises; otherwise `result` holds it. It concerns the derivative, too.

    Returns:
        The solution: `value`, `result` and `stats`. If the solve failed, `value` is the point with the lowest residual.

    Raises:
        TypeError: If an argument is of the wrong kind, or for a mode of differentiation that `gradient` does not have.
        ValueError: If the result of `f` is not shaped as `x0`.
        SolveError: If the solve fails and `throw=True`. Under `jax.jit` and in a derivative the failure comes as JAX's
            own runtime error with the same words.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        layer = lambda z, x: jnp.tanh(0.5 * z + x)
        equilibrium = lambda x: nde.implicit.fixed_point(layer, jnp.zeros(3), x).value
        x = jnp.array([0.0, 1.0, 2.0])
        print(equilibrium(x), jax.jacrev(equilibrium)(x))
        ```
    """
    check_function("fixed_point", f)
    check_kind("fixed_point", "solver", solver, AbstractIterativeSolver, "nde.implicit.Anderson()")
    check_kind("fixed_point", "gradient", gradient, AbstractFixedPointGradient, "nde.implicit.ImplicitGradient()")
    check_flags("fixed_point", batched=batched, history=history, throw=throw)
    max_steps = step_count("fixed_point", max_steps)
    parts = freeze((f, solver, gradient))
    solution = _solve(parts, x0, args, rtol, atol, max_steps, (batched, history, throw))
    return raise_if_any_failed(solution, batched, rtol=rtol, atol=atol) if throw else solution


@compiled(static=("max_steps",))
def _solve(
    parts: Frozen,
    x0: PyTree[Any],
    args: Args,
    rtol: RealScalar,
    atol: RealScalar,
    max_steps: int,
    flags: tuple[bool, bool, bool],
) -> IterativeSolution:
    f, solver, gradient = unfreeze(parts)
    batched, history, throw = flags
    equation, x = equation_of(f, x0, args, batched, "fixed_point")
    end, value = gradient.solve(FixedPoint(equation, x, solver, rtol, atol, max_steps, history, throw))
    return solution_of(tree.constant(end), value, equation.members)
