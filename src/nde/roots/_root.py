"""Roots of functions."""

from collections.abc import Callable
from typing import Any

from jaxtyping import PyTree

from nde.core import tree
from nde.core.compiled import Frozen, compiled, freeze, unfreeze
from nde.core.types import Args, RealScalar
from nde.roots.arguments import check_flags, check_function, check_kind, step_count
from nde.roots.criterion import SmallStep
from nde.roots.dense import Dense
from nde.roots.equation import equation_of
from nde.roots.implicit_function import implicit_function
from nde.roots.iteration import AbstractIterativeSolver, Iteration
from nde.roots.linear import AbstractLinearSolver, LinearSolve
from nde.roots.newton import Newton
from nde.roots.solution import IterativeSolution, raise_if_any_failed, solution_of


def root(
    f: Callable[[Any, Args], Any],
    x0: PyTree[Any],
    args: Args = None,
    *,
    solver: AbstractIterativeSolver = Newton(),
    linear_solver: AbstractLinearSolver = Dense(),
    rtol: RealScalar = 1e-5,
    atol: RealScalar = 1e-6,
    max_steps: int = 100,
    batched: bool = False,
    history: bool = False,
    throw: bool = True,
) -> IterativeSolution:
    r"""Solve `f(x, args) = 0` for `x`.

    It ends where a step is at most `atol + rtol |x|`, in the root mean square over all numbers of `x`; slow steps are
    counted by what they leave. The derivative to `args` and to what `f` captured is that of the root, by the implicit
    function theorem, in both modes and of any order; it does not depend on `x0`.

    Args:
        f: A function to what is shaped as `x`.
        x0: Where to begin, any pytree of arrays or numbers, real or complex.
        args: Handed to `f`.
        solver: `Newton()`, `Chord()` or `Bisection(lower, upper)`.
        linear_solver: Of the system with the Jacobian that the derivative solves: `Dense()`, or `GMRES()` for a large
            `x`.
        rtol: Relative tolerance.
        atol: Absolute tolerance, in units of `x`.
        max_steps: Most steps.
        batched: Whether the first axis of `x0` and of the result of `f` counts members of a batch, each of which
            depends on itself alone and stops by itself. Under `jax.vmap` each lane does so anyway.
        history: Whether `stats["residuals"]` is kept.
        throw: Whether a failure raises; otherwise `result` holds it. It concerns the derivative, too.

    Returns:
        The solution: `value`, `result` and `stats`.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If the result of `f` is not shaped as `x0`.
        SolveError: If the solve fails and `throw=True`. Under `jax.jit` and in a derivative the failure comes as JAX's
            own runtime error with the same words.

    Example:
        ```python
        import jax
        import nde

        cube_root = lambda a: nde.implicit.root(lambda x, a: x**3 - a, 1.0, a).value
        print(cube_root(8.0), jax.grad(cube_root)(8.0), jax.hessian(cube_root)(8.0))
        ```
    """
    check_function("root", f)
    check_kind("root", "solver", solver, AbstractIterativeSolver, "nde.implicit.Newton()")
    check_kind("root", "linear_solver", linear_solver, AbstractLinearSolver, "nde.implicit.Dense()")
    check_flags("root", batched=batched, history=history, throw=throw)
    max_steps = step_count("root", max_steps)
    parts = freeze((f, solver, linear_solver))
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
    f, solver, linear_solver = unfreeze(parts)
    batched, history, throw = flags
    equation, x = equation_of(f, x0, args, batched, "root")
    fixed, x, solver = tree.constant((equation, x, solver))
    end = Iteration(fixed, solver, SmallStep(rtol, atol), max_steps, history).run(x)
    value = implicit_function(
        lambda inputs, x: equation.with_inputs(inputs)(x),
        equation.inputs,
        end.best,
        LinearSolve(linear_solver, throw),
    )
    return solution_of(end, value, equation.members)
