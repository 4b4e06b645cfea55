"""The derivative of a fixed point by the implicit function theorem."""

from nde.implicit.gradients.base import AbstractFixedPointGradient, solve_plainly
from nde.implicit.problem import FixedPoint
from nde.roots.gmres import GMRES
from nde.roots.implicit_function import implicit_function
from nde.roots.iteration import Iterate
from nde.roots.linear import AbstractLinearSolver, LinearSolve
from nde.roots.members import Rows


class ImplicitGradient(AbstractFixedPointGradient):
    """The derivative of the fixed point itself, by the implicit function theorem: `dx = (I - ∂f/∂x)^-1 ∂f`.

    Both modes of differentiation, in any nesting. Its memory does not depend on how many steps were taken, and it is as
    accurate as the fixed point and the linear system. There is no derivative to `x0`.

    Attributes:
        linear_solver: Of the linear system, with a tolerance of its own: `GMRES()`, `LinearFixedPoint()` for one by
            `Anderson()` or another iteration, or `Dense()` for a small state.

    Source: Bai, Kolter and Koltun, *Deep equilibrium models* (2019), doi:10.48550/arXiv.1909.01377.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        layer = lambda z, x: jnp.tanh(0.5 * z + x)
        equilibrium = lambda x: nde.implicit.fixed_point(layer, 0.0, x, gradient=nde.implicit.ImplicitGradient()).value
        print(jax.grad(equilibrium)(1.0), jax.hessian(equilibrium)(1.0))
        ```
    """

    linear_solver: AbstractLinearSolver = GMRES()

    def solve(self, problem: FixedPoint) -> tuple[Iterate, Rows]:
        """The plain iteration, with the derivative of its end."""
        end = solve_plainly(problem)
        solve = LinearSolve(self.linear_solver, problem.throw)
        return end, implicit_function(problem.displacement, problem.equation.inputs, end.best, solve)
