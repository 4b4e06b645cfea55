"""Newton's method without a matrix."""

import equinox as eqx

from nde.core.types import IntScalar, RealScalar
from nde.roots.gmres import GMRES
from nde.roots.iteration import AbstractIterativeSolver, Proposal, Residual
from nde.roots.members import Rows
from nde.roots.newton import Newton


class NewtonKrylov(AbstractIterativeSolver):
    """Inexact Newton's method: each linear system is solved roughly, by GMRES.

    It needs no contraction and no matrix. A step takes several products with the Jacobian, each about twice the cost of
    the function.

    Attributes:
        forcing: The residual of a linear system, relative to the function.
        restart: Most vectors that GMRES keeps.
        max_linear_steps: Most products with the Jacobian in a step.

    Source: Knoll and Keyes, *Jacobian-free Newton-Krylov methods* (2004), doi:10.1016/j.jcp.2003.08.010.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        expand = lambda x, args: 3.0 * jnp.tanh(x[::-1]) + 1.0
        sol = nde.implicit.fixed_point(expand, jnp.ones(2), solver=nde.implicit.NewtonKrylov())
        print(sol.value, sol.stats["num_steps"])
        ```
    """

    forcing: RealScalar = 1e-2
    restart: int = eqx.field(static=True, default=20)
    max_linear_steps: int = eqx.field(static=True, default=100)

    def init(self, residual: Residual, x: Rows, h: Rows) -> None:
        """Nothing."""
        del residual, x, h

    def step(self, residual: Residual, k: IntScalar, x: Rows, h: Rows, state: None) -> Proposal:
        """The root of the linearized function, roughly."""
        newton = Newton(GMRES(self.forcing, self.restart, self.max_linear_steps))
        return newton.step(residual, k, x, h, state)
