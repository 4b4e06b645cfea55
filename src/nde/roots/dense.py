"""Linear systems by the factorization of the whole Jacobian."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from nde.core.results import RESULTS
from nde.roots.linear import AbstractLinearSolver, LinearSolution, Matvec, code_where
from nde.roots.members import OfMembers, Rows

_LOST = 0.01
"""The relative error, by rounding, from which on a system counts as singular."""


class Factorization(eqx.Module):
    """The LU factorization of the Jacobian of each member, and the largest sum over a row of it."""

    lu: Float[Array, "members numbers numbers"]
    pivots: Int[Array, "members numbers"]
    size: OfMembers


class Dense(AbstractLinearSolver):
    """Linear systems by LU factorization of the whole Jacobian, which is made by one product for each number of `x`.

    The choice up to some hundred numbers. A system is singular if rounding takes all but two digits of its solution.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        sol = nde.implicit.root(lambda x, args: x**2 - args, jnp.ones(2), jnp.array([2.0, 3.0]),
                                linear_solver=nde.implicit.Dense())
        print(sol.value)
        ```
    """

    def init(self, matvec: Matvec, like: Rows) -> Factorization:
        """The factorization."""
        return factorize(jacobian_of(matvec, like))

    def solve(self, factors: Factorization, matvec: Matvec, b: Rows, transposed: bool = False) -> LinearSolution:
        """The solution by substitution."""
        del matvec
        x = jax.vmap(lambda lu, pivots, b: _substitute(lu, pivots, b, transposed))(factors.lu, factors.pivots, b)
        grown = factors.size * _largest(x) * jnp.finfo(x.dtype).eps > _LOST * _largest(b)
        singular = grown | ~jnp.all(jnp.isfinite(x), axis=1)
        return LinearSolution(x, code_where(singular, RESULTS.singular_jacobian))


def jacobian_of(matvec: Matvec, like: Rows) -> Float[Array, "members numbers numbers"]:
    """The matrix that a product is with, for each member, if these are independent of each other."""
    units = jnp.broadcast_to(jnp.eye(like.shape[1], dtype=like.dtype)[:, None], (like.shape[1], *like.shape))
    return jnp.moveaxis(jax.vmap(matvec)(units), 0, 2)


def factorize(jacobian: Float[Array, "members numbers numbers"]) -> Factorization:
    """The factorization of a matrix for each member."""
    lu, pivots = jax.scipy.linalg.lu_factor(jacobian)
    return Factorization(lu, pivots, jnp.max(jnp.sum(jnp.abs(jacobian), axis=2), axis=1))


def _substitute(lu: Array, pivots: Array, b: Any, transposed: bool) -> Array:
    return jax.scipy.linalg.lu_solve((lu, pivots), b, trans=1 if transposed else 0)


def _largest(x: Rows) -> OfMembers:
    return jnp.max(jnp.abs(x), axis=1)
