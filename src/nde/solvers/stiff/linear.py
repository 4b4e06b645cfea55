"""Linear systems of stiff steps."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

Matrix = Float[Array, "numbers numbers"]
Vector = Float[Array, " numbers"]

_WRITTEN_OUT = 4
"""Systems of so few numbers are solved by elimination written out: a call of LAPACK takes longer."""
_INVERTED = 8
"""Of so few, the inverse is made once for all stages: its products are cheaper than substitutions."""


class AbstractFactors(eqx.Module):
    """A matrix, prepared for systems with several right-hand sides."""

    @abc.abstractmethod
    def solve(self, b: Vector) -> Vector:
        """The solution."""


class Inverse(AbstractFactors):
    """The inverse of a matrix."""

    inverse: Matrix

    def solve(self, b: Vector) -> Vector:
        """The product with it."""
        return self.inverse @ b


class LU(AbstractFactors):
    """The triangular factors of a matrix, with the order of its rows."""

    lu: Matrix
    pivots: Int[Array, " numbers"]

    def solve(self, b: Vector) -> Vector:
        """Substitution."""
        return jax.scipy.linalg.lu_solve((self.lu, self.pivots), b)


def factorize(matrix: Matrix) -> AbstractFactors:
    """Prepare a matrix, by the way that is fastest at its size; a singular one leads to numbers that are not finite."""
    numbers = matrix.shape[0]
    if numbers <= _WRITTEN_OUT:
        return Inverse(inverse_written_out(matrix))
    if numbers <= _INVERTED:
        return Inverse(jnp.linalg.inv(matrix))
    return LU(*jax.scipy.linalg.lu_factor(matrix))


def inverse_written_out(matrix: Matrix) -> Matrix:
    """The inverse by Gauss-Jordan elimination with row pivoting, every entry a scalar of its own, all in one kernel."""
    numbers = matrix.shape[0]
    unit = jnp.eye(numbers, dtype=matrix.dtype)
    rows = [[*matrix[i], *unit[i]] for i in range(numbers)]
    for k in range(numbers):
        for i in range(k + 1, numbers):
            rows[k], rows[i] = _larger_first(rows[k], rows[i], k)
        pivot = rows[k][k]
        rows[k] = [entry / pivot for entry in rows[k]]
        rows = [row if i == k else _eliminated(row, rows[k], k) for i, row in enumerate(rows)]
    return jnp.stack([jnp.stack(row[numbers:]) for row in rows])


def _larger_first(row: list[Array], other: list[Array], column: int) -> tuple[list[Array], list[Array]]:
    swap = jnp.abs(other[column]) > jnp.abs(row[column])
    pairs = [(jnp.where(swap, b, a), jnp.where(swap, a, b)) for a, b in zip(row, other, strict=True)]
    return [first for first, _ in pairs], [second for _, second in pairs]


def _eliminated(row: list[Array], pivot_row: list[Array], column: int) -> list[Array]:
    factor = row[column]
    return [entry - factor * pivot for entry, pivot in zip(row, pivot_row, strict=True)]
