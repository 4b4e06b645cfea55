"""Quadratic programs as their solver sees them."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

Variables = Float[Array, " variables"]
Equalities = Float[Array, " equalities"]
Inequalities = Float[Array, " inequalities"]
Rows = Float[Array, " rows"]


class Program(eqx.Module):
    """Minimize `x'Px / 2 + q'x` with `Ax = b` and `Cx <= d`, where `C` consists of `G` and of bounds.

    Attributes:
        P: A symmetric matrix, or the diagonal of one.
        q: Linear costs.
        A: Equality constraints.
        b: Their right-hand sides.
        G: Inequality constraints, if there are any beside bounds.
        h: Their right-hand sides; infinite where there is no constraint.
        lower: Lower bounds, if there are any; minus infinity where there is none.
        upper: Upper bounds, if there are any; infinity where there is none.
    """

    P: Float[Array, "*rows variables"]
    q: Variables
    A: Float[Array, "equalities variables"]
    b: Equalities
    G: Float[Array, "rows variables"] | None
    h: Float[Array, " rows"] | None
    lower: Variables | None
    upper: Variables | None

    @property
    def diagonal(self) -> bool:
        """Whether no matrix of variables by variables is dense: `P` is a diagonal, and all inequalities are bounds."""
        return self.P.ndim == 1 and self.G is None

    def curve(self, x: Variables) -> Variables:
        """The product `Px`."""
        return self.P * x if self.P.ndim == 1 else self.P @ x

    def constrain(self, x: Variables) -> Inequalities:
        """The product `Cx`."""
        parts = [] if self.G is None else [self.G @ x]
        parts += [] if self.lower is None else [-x]
        parts += [] if self.upper is None else [x]
        return jnp.concatenate(parts) if parts else jnp.zeros(0, x.dtype)

    def pull(self, z: Inequalities) -> Variables:
        """The product `C'z`."""
        rows, lower, upper = self.split(z)
        total = jnp.zeros_like(self.q)
        total = total if self.G is None or rows is None else total + self.G.T @ rows
        total = total if lower is None else total - lower
        return total if upper is None else total + upper

    def split(self, z: Inequalities) -> tuple[Rows | None, Variables | None, Variables | None]:
        """The parts of a vector of inequalities that belong to `G`, to lower and to upper bounds."""
        found: list[Array | None] = []
        first = 0
        for part in (self.h, self.lower, self.upper):
            size = 0 if part is None else len(part)
            found.append(None if part is None else z[first : first + size])
            first += size
        rows, lower, upper = found
        return rows, lower, upper

    @property
    def squared_norms(self) -> Inequalities:
        """The squared norms of the rows of `C`."""
        bounds = [jnp.ones_like(part) for part in (self.lower, self.upper) if part is not None]
        return jnp.concatenate([*([] if self.G is None else [jnp.sum(self.G**2, axis=1)]), *bounds, self.q[:0]])

    @property
    def limits(self) -> Inequalities:
        """The right-hand sides `d`, zero where there is no constraint."""
        return jnp.where(self.present, self._limits, 0)

    @property
    def present(self) -> Bool[Array, " inequalities"]:
        """Which inequalities constrain: those with a finite right-hand side."""
        return self._limits < jnp.inf

    @property
    def _limits(self) -> Inequalities:
        parts = [self.h, None if self.lower is None else -self.lower, self.upper]
        given = [part for part in parts if part is not None]
        return jnp.concatenate(given) if given else jnp.zeros(0, self.q.dtype)


class Point(eqx.Module):
    """Variables, multipliers of equalities and of inequalities, and the slack `d - Cx` of inequalities."""

    x: Variables
    y: Equalities
    z: Inequalities
    s: Inequalities


class Residuals(eqx.Module):
    """What is left of the conditions of optimality: stationarity, equalities, inequalities."""

    dual: Variables
    equal: Equalities
    slack: Inequalities


def residuals_of(program: Program, at: Point) -> Residuals:
    """By how much a point misses the conditions of optimality, but for complementarity."""
    return Residuals(
        program.curve(at.x) + program.q + program.A.T @ at.y + program.pull(at.z),
        program.A @ at.x - program.b,
        jnp.where(program.present, program.constrain(at.x) + at.s - program.limits, 0),
    )
