"""Newton's method."""

import jax

from nde.core.types import IntScalar
from nde.roots.dense import Dense
from nde.roots.iteration import AbstractIterativeSolver, Proposal, Residual
from nde.roots.linear import AbstractLinearSolver, code_if_singular
from nde.roots.members import Rows


class Newton(AbstractIterativeSolver):
    """Newton's method, `x - J(x)^-1 f(x)`, with a fresh Jacobian in each step.

    Attributes:
        linear_solver: Of the systems with the Jacobian.

    Source: Deuflhard, *Newton Methods for Nonlinear Problems* (2011), doi:10.1007/978-3-642-23899-4.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        sol = nde.implicit.root(lambda x, args: jnp.cos(x) - x, 1.0, solver=nde.implicit.Newton())
        print(sol.value, sol.stats["num_steps"])
        ```
    """

    linear_solver: AbstractLinearSolver = Dense()

    def init(self, residual: Residual, x: Rows, h: Rows) -> None:
        """Nothing."""
        del residual, x, h

    def step(self, residual: Residual, k: IntScalar, x: Rows, h: Rows, state: None) -> Proposal:
        """The root of the linearized function."""
        del k
        _, matvec = jax.linearize(residual, x)
        found = self.linear_solver.solve(self.linear_solver.init(matvec, x), matvec, h)
        return Proposal(x - found.value, state, code_if_singular(found.code))
