"""Proofs that a quadratic program has no solution."""

import jax.numpy as jnp

from nde.core.types import BoolScalar
from nde.implicit.quadratic.program import Point, Program


def is_infeasible(program: Program, at: Point) -> BoolScalar:
    """Whether multipliers prove that no point fulfills all constraints (Farkas): `A'y + C'z = 0`, `b'y + d'z < 0`.

    A point that did would have the inner product `b'y + d'z >= x'(A'y + C'z)`: with an error of relative size `ε`, the
    proof excludes all points of a norm below `1 / ε`.
    """
    gain = -(program.b @ at.y + program.limits @ at.z)
    return _largest(program.A.T @ at.y + program.pull(at.z)) < _precision(program) * gain


def is_unbounded(program: Program, at: Point) -> BoolScalar:
    """Whether the costs decrease without end along `x`: `Px = 0`, `Ax = 0`, `Cx <= 0`, `q'x < 0`."""
    gain = -(program.q @ at.x)
    rows = jnp.where(program.present, jnp.maximum(program.constrain(at.x), 0), 0)
    left = jnp.maximum(jnp.maximum(_largest(program.curve(at.x)), _largest(program.A @ at.x)), _largest(rows))
    return left < _precision(program) * gain


def _largest(x: jnp.ndarray) -> jnp.ndarray:
    return jnp.max(jnp.abs(x), initial=0)


def _precision(program: Program) -> float:
    return float(jnp.finfo(program.q.dtype).eps) ** 0.5
