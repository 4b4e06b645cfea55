"""Factors of the matrix of a quadratic program with equality constraints."""

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from nde.implicit.quadratic.program import Equalities, Inequalities, Program, Variables


def regularization(dtype: jnp.dtype) -> float:
    """What is added at least to the diagonal of a matrix before it is factored; refinement takes its effect away."""
    return 1e-9 if jnp.finfo(dtype).bits == 64 else 1e-5


def regularized(matrix: Float[Array, "size size"]) -> Float[Array, "size size"]:
    """The matrix with so much more on its diagonal that it has a Cholesky factor in spite of rounding.

    Source: Demmel, *On Floating Point Errors in Cholesky* (1989), LAPACK Working Note 14.
    """
    rounding = len(matrix) * jnp.finfo(matrix.dtype).eps * jnp.abs(jnp.diagonal(matrix))
    return matrix + jnp.diag(regularization(matrix.dtype) + rounding)


class DenseFactor(eqx.Module):
    """The factor of `[[H, A'], [A, 0]]`, with `H` positive definite: `L diag(1, -1) L'` with `L` triangular.

    The rows of `L` that belong to `A` are those of a Cholesky factor of `[[H, A'], [A, c]]` with any large enough `c`:
    one routine of LAPACK computes them, which is faster than solving for the columns of `A'`.
    """

    lower: Float[Array, "size size"]
    signs: Float[Array, " size"]

    @classmethod
    def of(cls, program: Program, weights: Inequalities) -> "DenseFactor":
        """Factor for `H = P + C' diag(weights) C`."""
        A, size = program.A, len(program.q)
        large = 1e4 * jnp.sum(A**2) / regularization(A.dtype) + 1
        corner = large * jnp.eye(len(A), dtype=A.dtype)
        both = jnp.linalg.cholesky(jnp.block([[regularized(_hessian(program, weights)), A.T], [A, corner]]))
        rows = both[size:, :size]
        schur = jnp.linalg.cholesky(regularized(rows @ rows.T))
        signs = jnp.concatenate([jnp.ones_like(program.q), -jnp.ones_like(program.b)])
        return cls(both.at[size:, size:].set(schur), signs)

    def solve(self, dual: Variables, equal: Equalities) -> tuple[Variables, Equalities]:
        """Solve for `(dx, dy)`."""
        once = solve_triangular(self.lower, jnp.concatenate([dual, equal]), lower=True)
        both = solve_triangular(self.lower, self.signs * once, lower=True, trans="T")
        return both[: len(dual)], both[len(dual) :]


class DiagonalFactor(eqx.Module):
    """The factor of `[[H, A'], [A, 0]]` with diagonal `H`: the Cholesky factor of `A H^-1 A'` alone."""

    inverse: Variables
    A: Float[Array, "equalities variables"]
    lower: Float[Array, "equalities equalities"]

    @classmethod
    def of(cls, program: Program, weights: Inequalities) -> "DiagonalFactor":
        """Factor for `H = P + C' diag(weights) C`."""
        A = program.A
        small = regularization(A.dtype)
        inverse = 1 / (program.P + _bound_weights(program, weights) + small)
        return cls(inverse, A, jnp.linalg.cholesky(regularized((A * inverse[None]) @ A.T)))

    def solve(self, dual: Variables, equal: Equalities) -> tuple[Variables, Equalities]:
        """Solve for `(dx, dy)`."""
        once = solve_triangular(self.lower, self.A @ (self.inverse * dual) - equal, lower=True)
        dy = solve_triangular(self.lower, once, lower=True, trans="T")
        return self.inverse * (dual - self.A.T @ dy), dy


Factor = DenseFactor | DiagonalFactor


def factor_of(program: Program, weights: Inequalities) -> Factor:
    """The factor that the program's structure allows."""
    return DiagonalFactor.of(program, weights) if program.diagonal else DenseFactor.of(program, weights)


def _hessian(program: Program, weights: Inequalities) -> Float[Array, "variables variables"]:
    diagonal = _bound_weights(program, weights)
    dense = jnp.zeros((len(program.q),) * 2, program.q.dtype)
    if program.P.ndim == 1:
        diagonal = diagonal + program.P
    else:
        dense = program.P
    rows = program.split(weights)[0]
    if program.G is not None and rows is not None:
        dense = dense + (program.G.T * rows[None]) @ program.G
    return dense + jnp.diag(diagonal)


def _bound_weights(program: Program, weights: Inequalities) -> Variables:
    _, lower, upper = program.split(weights)
    return sum((part for part in (lower, upper) if part is not None), start=jnp.zeros_like(program.q))
