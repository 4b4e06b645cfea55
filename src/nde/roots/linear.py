"""Linear systems with a Jacobian, whose solution is differentiated in both modes."""

import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from nde.core.report import raise_if_failed
from nde.core.results import RESULTS, code_of
from nde.roots.members import Rows

Matvec = Callable[[Rows], Rows]
"""The product of the Jacobian with a vector, of every member."""

Codes = Int[Array, " members"]
"""How it ended for each member, as integers of `RESULTS`."""


class LinearSolution(eqx.Module):
    """The solution of a linear system, and how its solve ended for each member."""

    value: Rows
    code: Codes


class AbstractLinearSolver(eqx.Module):
    """A way to solve `J x = b` and `J^T x = b` for each member of a batch, where `J` is known by its products.

    Example:
        ```python
        import nde

        assert isinstance(nde.implicit.Dense(), nde.implicit.AbstractLinearSolver)
        ```
    """

    @abc.abstractmethod
    def init(self, matvec: Matvec, like: Rows) -> PyTree[Any]:
        """What both systems share, such as a factorization.

        Args:
            matvec: The product of `J` with a vector.
            like: A vector.
        """

    @abc.abstractmethod
    def solve(self, factors: PyTree[Any], matvec: Matvec, b: Rows, transposed: bool = False) -> LinearSolution:
        """The solution.

        Args:
            factors: What `init` returned.
            matvec: The product of the matrix of this system with a vector: of `J^T` if it is transposed.
            b: The right-hand side.
            transposed: Whether this is the system with `J^T`.
        """


def linear_solve(matvec: Matvec, b: Rows, solver: AbstractLinearSolver, throw: bool) -> Rows:
    """The solution of a linear system, which JAX can differentiate and transpose.

    Its derivatives are systems with the same matrix, or the transposed one, and are solved in the same way; nothing is
    differentiated through the solver.

    Args:
        matvec: The product of the matrix with a vector.
        b: The right-hand side.
        solver: How these systems are solved.
        throw: Whether a system without an accurate solution raises.
    """
    factors = jax.lax.stop_gradient(solver.init(matvec, b))

    def solve(matvec: Matvec, b: Rows, transposed: bool = False) -> Rows:
        found = solver.solve(factors, matvec, b, transposed)
        return _checked(found) if throw else found.value

    return jax.lax.custom_linear_solve(matvec, b, solve, lambda vecmat, b: solve(vecmat, b, transposed=True))


class LinearSolve(eqx.Module):
    """`linear_solve` by a solver, as a pytree: a rule of differentiation must not capture the numbers of the solver.

    Attributes:
        solver: How systems are solved.
        throw: Whether a system without an accurate solution raises.
    """

    solver: AbstractLinearSolver
    throw: bool = eqx.field(static=True)

    def __call__(self, matvec: Matvec, b: Rows) -> Rows:
        """The solution of a linear system."""
        return linear_solve(matvec, b, self.solver, self.throw)


def code_if_singular(code: Codes) -> Codes:
    """The code if there is no solution; one that is not accurate may still lead an iteration on."""
    return code_where(code == code_of(RESULTS.singular_jacobian), RESULTS.singular_jacobian)


def no_trouble(x: Rows) -> Codes:
    """Success of every member."""
    return jnp.full(x.shape[:1], code_of(RESULTS.successful), jnp.int32)


def code_where(condition: Array, why: RESULTS) -> Codes:
    """That code where the condition holds, otherwise success."""
    return jnp.where(condition, code_of(why), code_of(RESULTS.successful)).astype(jnp.int32)


def _checked(found: LinearSolution) -> Rows:
    """The value; the program stops where it is not accurate."""

    def one(found: LinearSolution) -> LinearSolution:
        return raise_if_failed(found, lambda s: s.value, found.code, dict)

    if found.value.shape[0] > 1:
        return jax.vmap(one)(found).value
    return one(jax.tree.map(lambda x: x[0], found)).value[None]
