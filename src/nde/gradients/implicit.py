"""The derivative of a state at rest, by the implicit function theorem."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import lineax as lx
from jaxtyping import PyTree

from nde.core import tree
from nde.core.types import Y
from nde.gradients.base import AbstractAdjoint
from nde.integrate.outcome import Outcome, solve_plainly
from nde.integrate.problem import Differentiable, Setup, slope
from nde.roots.implicit_function import implicit_function


class ImplicitAdjoint(AbstractAdjoint):
    """The derivative of a steady state: where `f(t, y, p) = 0`, that is `dy/dp = -(∂f/∂y)^-1 ∂f/∂p`.

    It does not depend on how the state was found: no step is kept or taken again, and the derivative to `y0` and to
    times is zero. Choose it with `event=nde.steady_state()`; without, it is taken for granted that the state at t1 is
    at rest. Both modes of differentiation, in any nesting.

    Attributes:
        linear_solver: Of the system with the Jacobian; by default it is made a matrix and factorized. For a large state
            `lineax.GMRES(rtol=1e-6, atol=1e-6)` never makes one.

    Raises:
        ValueError: If more than the state at the end is saved.
        TypeError: With noise.

    Source: Bai, Kolter and Koltun, *Deep equilibrium models* (2019), doi:10.48550/arXiv.1909.01377.

    Example:
        ```python
        import jax
        import nde

        def at_rest(level):
            term = nde.ODETerm(lambda t, y, args: args - y**3)
            controller = nde.PIDController(rtol=1e-6, atol=1e-6)
            sol = nde.diffeqsolve(
                term, nde.Tsit5(), 0.0, 1000.0, None, 1.0, args=level, stepsize_controller=controller,
                event=nde.steady_state(), adjoint=nde.ImplicitAdjoint(),
            )
            return sol.ys[0]

        print(jax.grad(at_rest)(8.0), 1 / (3 * 2.0**2))
        ```
    """

    linear_solver: lx.AbstractLinearSolver = lx.AutoLinearSolver(well_posed=None)

    def solve(self, problem: Differentiable, setup: Setup) -> Outcome:
        """The plain solve, with the derivative of its last state."""
        if problem.outputs:
            raise ValueError(
                "`ImplicitAdjoint` got a `saveat` with times or steps; only the last state has come to rest. Pass "
                "`saveat=nde.SaveAt(t1=True)`."
            )
        if problem.term.noisy:
            raise TypeError("`ImplicitAdjoint` got noise, under which no state is at rest.")
        outcome = solve_plainly(tree.constant(problem), tree.constant(setup))

        def field(inputs: PyTree[Any], y: Y) -> Y:
            term, args, fixed, setup, t = inputs
            here = eqx.tree_at(lambda p: (p.term, p.args), fixed, (term, args), is_leaf=lambda x: x is None)
            return slope(here, setup, t, y)

        solve = _LinearSolve(self.linear_solver)
        inputs = (problem.term, problem.args, *tree.constant((problem, setup, outcome.t)))
        return eqx.tree_at(lambda o: o.y, outcome, implicit_function(field, inputs, outcome.y, solve))


class _LinearSolve(eqx.Module):
    """A solver of linear systems, as a pytree: a rule of differentiation must not capture its numbers."""

    solver: lx.AbstractLinearSolver

    def __call__(self, matvec: Callable[[Y], Y], b: Y) -> Y:
        operator = lx.FunctionLinearOperator(matvec, jax.eval_shape(lambda: b))
        return lx.linear_solve(operator, b, self.solver).value
