"""The derivative of the solution of a quadratic program.

Source: Amos and Kolter, *OptNet: Differentiable Optimization as a Layer in Neural Networks* (2017),
doi:10.48550/arXiv.1703.00443.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.core import tree
from nde.implicit.quadratic.interior_point import sharpened
from nde.implicit.quadratic.kkt import Kkt
from nde.implicit.quadratic.program import Equalities, Inequalities, Point, Program, Variables
from nde.roots.implicit_function import implicit_function

Multiplied = tuple[Variables, Equalities, Inequalities]
Flat = Float[Array, " multiplied"]
"""Variables and multipliers in one vector: JAX transposes linear systems only if their whole right-hand side varies."""

_REFINEMENTS = 2


def differentiable(program: Program, at: Point) -> Multiplied:
    """Variables and multipliers at a solution, with their derivative to the program, by the implicit function theorem.

    The conditions of optimality are those of an interior point behind the one where the solver ended: stationarity,
    equalities, and `s z` constant. Where constraint and multiplier both vanish, the solution has a kink; there this is
    a derivative between those of both sides.
    """
    at, constant = tree.constant(at), tree.constant(program)
    sharp = tree.constant(sharpened(constant, at))
    kkt = Kkt.at(constant, sharp, accurate=True)
    found = implicit_function(_Conditions(sharp.z), program, _flat(sharp), _Solve(kkt))
    return _split(program, _with_derivative_of(_flat(at), found))


def _flat(at: Point) -> Flat:
    return jnp.concatenate([at.x, at.y, at.z])


@jax.custom_jvp
def _with_derivative_of(value: Flat, found: Flat) -> Flat:
    """A value, with the derivative of another: without derivatives, the other is not computed."""
    del found
    return value


@_with_derivative_of.defjvp
def _(primals: tuple[Flat, Flat], tangents: tuple[Flat, Flat]) -> tuple[Flat, Flat]:
    return _with_derivative_of(*primals), tangents[1]


class _Conditions(eqx.Module):
    """The conditions of optimality. The last row is divided by the multipliers: the Jacobian is symmetric here."""

    z: Inequalities

    def __call__(self, program: Program, point: Flat) -> Flat:
        x, y, z = _split(program, point)
        scale = jnp.where(program.present, self.z, 1)
        slack = program.limits - program.constrain(x)
        dual = program.curve(x) + program.q + program.A.T @ y + program.pull(z)
        complementary = jnp.where(program.present, -z * slack / scale, -z)
        return jnp.concatenate([dual, program.A @ x - program.b, complementary])


class _Solve(eqx.Module):
    """Solves a system with the Jacobian of the conditions by the factor that the solver uses."""

    kkt: Kkt

    def __call__(self, matvec: Callable[[Flat], Flat], right: Flat) -> Flat:
        def solve(_: Callable[[Flat], Flat], right: Flat) -> Flat:
            found = self.kkt.solve(*_split(self.kkt.program, right), refinements=_REFINEMENTS)
            return jnp.concatenate([found.dx, found.dy, found.dz])

        # Not `symmetric=True`: away from this point the Jacobian is not, which second derivatives see.
        return jax.lax.custom_linear_solve(matvec, right, solve, transpose_solve=solve)


def _split(program: Program, flat: Flat) -> Multiplied:
    variables, equalities = len(program.q), len(program.b)
    return flat[:variables], flat[variables : variables + equalities], flat[variables + equalities :]
