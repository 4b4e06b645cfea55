"""Newton's method with a frozen Jacobian."""

from typing import Any

import equinox as eqx
import jax
from jaxtyping import PyTree

from nde.core.types import IntScalar
from nde.roots.dense import Dense
from nde.roots.iteration import AbstractIterativeSolver, Proposal, Residual
from nde.roots.linear import AbstractLinearSolver, code_if_singular
from nde.roots.members import Rows


class ChordState(eqx.Module):
    """Where the Jacobian is taken, and its factorization."""

    x: Rows
    factors: PyTree[Any]


class Chord(AbstractIterativeSolver):
    """The chord method, `x - J(x0)^-1 f(x)`: Newton's with the Jacobian of the first point.

    It factorizes once and converges linearly, the faster the nearer it begins. `Iteration.run` takes the state of an
    earlier iteration, so that implicit steps may share a factorization.

    Attributes:
        linear_solver: Of the systems with the Jacobian.

    Source: Deuflhard, *Newton Methods for Nonlinear Problems* (2011), doi:10.1007/978-3-642-23899-4.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        sol = nde.implicit.root(lambda x, args: jnp.cos(x) - x, 1.0, solver=nde.implicit.Chord())
        print(sol.value, sol.stats["num_steps"])
        ```
    """

    linear_solver: AbstractLinearSolver = Dense()

    def init(self, residual: Residual, x: Rows, h: Rows) -> ChordState:
        """The factorization at the first point."""
        del h
        _, matvec = jax.linearize(residual, x)
        return ChordState(x, self.linear_solver.init(matvec, x))

    def step(self, residual: Residual, k: IntScalar, x: Rows, h: Rows, state: ChordState) -> Proposal:
        """The root of the function linearized there."""
        del k
        _, matvec = jax.linearize(residual, state.x)
        found = self.linear_solver.solve(state.factors, matvec, h)
        return Proposal(x - found.value, state, code_if_singular(found.code))
