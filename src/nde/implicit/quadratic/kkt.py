"""Linear systems with the conditions of optimality of a quadratic program."""

import equinox as eqx
import jax.numpy as jnp

from nde.implicit.quadratic.factor import Factor, factor_of
from nde.implicit.quadratic.program import Equalities, Inequalities, Point, Program, Variables


class Direction(eqx.Module):
    """A change of variables and multipliers, and the product of `C` with the change of variables."""

    dx: Variables
    dy: Equalities
    dz: Inequalities
    rows: Inequalities


class Kkt(eqx.Module):
    """The symmetric system of Newton's method at a point.

        P dx + A'dy + C'dz = dual
        A dx               = equal
        C dx - dz s / z    = slack

    Rows of inequalities that do not constrain have `dz = 0`.

    Attributes:
        program: The program.
        ratios: The quotients `s / z`.
        weights: Their inverses, perhaps bounded: where they are so large that costs would drown in rounding, refinement
            gets from the bounded ones to the true ones.
        factor: The factor of the system with these weights.
    """

    program: Program
    ratios: Inequalities
    weights: Inequalities
    factor: Factor

    @classmethod
    def at(cls, program: Program, point: Point, *, accurate: bool = False) -> "Kkt":
        """Factor the system.

        Args:
            program: The program.
            point: Where.
            accurate: Whether weights are bounded. While the solver runs they are not: multipliers that grow without
                bound show that there is no solution.
        """
        present = program.present
        ratios = jnp.where(present, point.s / jnp.where(present, point.z, 1), 0)
        weights = jnp.where(present, point.z / point.s, 0)
        weights = jnp.minimum(weights, _largest_weights(program)) if accurate else weights
        return cls(program, ratios, weights, factor_of(program, weights))

    def solve(self, dual: Variables, equal: Equalities, slack: Inequalities, *, refinements: int) -> Direction:
        """Solve for a direction.

        Args:
            dual: The right-hand side of the first row.
            equal: That of the second.
            slack: That of the third.
            refinements: How many steps of iterative refinement follow, which undo the regularization.
        """
        found = self._once(dual, equal, slack)
        for _ in range(refinements):
            left = slack - found.rows + self.ratios * found.dz
            more = self._once(
                dual - self.program.curve(found.dx) - self.program.A.T @ found.dy - self.program.pull(found.dz),
                equal - self.program.A @ found.dx,
                left,
            )
            found = Direction(found.dx + more.dx, found.dy + more.dy, found.dz + more.dz, found.rows + more.rows)
        return found

    def _once(self, dual: Variables, equal: Equalities, slack: Inequalities) -> Direction:
        dx, dy = self.factor.solve(dual + self.program.pull(self.weights * slack), equal)
        rows = self.program.constrain(dx)
        return Direction(dx, dy, self.weights * (rows - slack), rows)


def _largest_weights(program: Program) -> Inequalities:
    """The weights of inequalities beside which half of the digits of costs are left."""
    size = jnp.max(jnp.abs(program.P), initial=0)
    size = jnp.where(size > 0, size, jnp.max(jnp.abs(program.q), initial=0))
    norms = program.squared_norms
    return size / (jnp.finfo(size.dtype).eps ** 0.5 * jnp.where(norms > 0, norms, 1))
