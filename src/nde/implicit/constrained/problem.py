"""Minima under constraints as their solver and their derivative see them."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.roots.equation import Equation

Variables = Float[Array, " variables"]
Equalities = Float[Array, " equalities"]
Inequalities = Float[Array, " inequalities"]
Flat = Float[Array, " all"]


class Values(eqx.Module):
    """The objective and the constraints at a point, or their derivatives there."""

    f: Float[Array, "..."]
    g: Float[Array, "equalities ..."]
    h: Float[Array, "inequalities ..."]

    @property
    def violation(self) -> Float[Array, ""]:
        """By how much constraints are violated, in total."""
        return jnp.sum(jnp.abs(self.g)) + jnp.sum(jnp.maximum(self.h, 0))


class Point(eqx.Module):
    """Variables, and the multipliers of equalities, of inequalities and of bounds; those may be absent."""

    x: Variables
    y: Equalities
    z: Inequalities
    z_lower: Variables | None
    z_upper: Variables | None

    @property
    def flat(self) -> Flat:
        """All in one vector."""
        return jnp.concatenate(jax.tree.leaves(self))

    def like(self, flat: Flat) -> "Point":
        """The point of which this is the vector."""
        leaves, structure = jax.tree.flatten(self)
        parts, first = [], 0
        for leaf in leaves:
            parts.append(flat[first : first + len(leaf)])
            first += len(leaf)
        return jax.tree.unflatten(structure, parts)


class Problem(eqx.Module):
    """Minimize `f(x)` with `g(x) = 0`, `h(x) <= 0` and bounds.

    Attributes:
        equation: Takes the variables and `args` to `f`, `g` and `h`.
        lower: Lower bounds, if there are any; minus infinity where there is none.
        upper: Upper bounds, if there are any; infinity where there is none.
    """

    equation: Equation
    lower: Variables | None
    upper: Variables | None

    def values(self, x: Variables) -> Values:
        """Objective and constraints."""
        f, g, h = self.equation.result(x[None])
        return Values(f.astype(x.dtype), g.astype(x.dtype), h.astype(x.dtype))

    def slopes(self, x: Variables) -> Values:
        """Their derivatives with respect to the variables, on the last axis."""
        return jax.jacfwd(self.values)(x)

    def lagrangian(self, at: Point, x: Variables) -> Float[Array, ""]:
        """The objective and the constraints, weighted by the multipliers of a point, at other variables."""
        values = self.values(x)
        return values.f + at.y @ values.g + at.z @ values.h

    def within_bounds(self, x: Variables) -> Variables:
        """The variables, moved to where the bounds hold."""
        x = x if self.lower is None else jnp.maximum(x, self.lower)
        return x if self.upper is None else jnp.minimum(x, self.upper)

    def start(self, x: Variables) -> Point:
        """A point without forces."""
        values = jax.eval_shape(self.values, x)
        y, z = (jnp.zeros(part.shape, x.dtype) for part in (values.g, values.h))
        bounds = [None if bound is None else jnp.zeros_like(x) for bound in (self.lower, self.upper)]
        return Point(self.within_bounds(x), y, z, *bounds)

    def conditions(self, at: Point) -> Point:
        """What is left of the conditions of optimality: stationarity, equalities, and complementarity of the others."""
        slope = jax.grad(lambda x: self.lagrangian(at, x))(at.x)
        slope = slope if at.z_lower is None else slope - at.z_lower
        slope = slope if at.z_upper is None else slope + at.z_upper
        values = self.values(at.x)
        lower = None if self.lower is None or at.z_lower is None else _complementary(at.z_lower, at.x - self.lower)
        upper = None if self.upper is None or at.z_upper is None else _complementary(at.z_upper, self.upper - at.x)
        return Point(slope, values.g, _complementary(at.z, -values.h), lower, upper)


def _complementary(z: Array, slack: Array) -> Array:
    """Zero where both are not negative and one of them is zero; smooth, but for rounding.

    Where both vanish, its derivative is one between those of both sides.

    Source: Fischer, *A Special Newton-Type Optimization Method* (1992), doi:10.1080/02331939208843795.
    """
    present = jnp.isfinite(slack)
    slack = jnp.where(present, slack, 1)
    smooth = jnp.finfo(z.dtype).eps
    return jnp.where(present, z + slack - jnp.sqrt(z**2 + slack**2 + smooth**2), z)
