"""Polynomials whose coefficients are states."""

import equinox as eqx
import jax.numpy as jnp

from nde.core import tree
from nde.core.types import RealScalar, Y


class Polynomial(eqx.Module):
    """`p(x) = scale * sum_i b_i(x) k_i` with `b_i(x) = sum_d rows[i][d] x^(d + 1)`; zero at zero.

    Attributes:
        scale: A factor.
        states: The states `k_i`.
        rows: For each of them the coefficients of `x, x^2, ...` in its weight.
    """

    scale: RealScalar = eqx.field(converter=jnp.asarray)
    states: tuple[Y, ...]
    rows: tuple[tuple[float, ...], ...] = eqx.field(static=True)

    def value(self, x: RealScalar) -> Y:
        """`p(x)`."""
        return tree.combine(self.scale, [_weight(row, x) for row in self.rows], self.states)

    def derivative(self, x: RealScalar) -> Y:
        """`p'(x)`."""
        return tree.combine(self.scale, [_weight_derivative(row, x) for row in self.rows], self.states)

    def collected(self) -> "Polynomial":
        """The same polynomial with one state for each power of `x`, mostly fewer and cheaper to evaluate."""
        powers = tuple(tree.combine(self.scale, weights, self.states) for weights in zip(*self.rows, strict=True))
        rows = tuple(tuple(float(d == power) for d in range(len(powers))) for power in range(len(powers)))
        return Polynomial(1.0, powers, rows)


def _weight(row: tuple[float, ...], x: RealScalar) -> RealScalar:
    """By Horner's rule; the number zero for a state of no weight."""
    if not any(row):
        return 0.0
    value = jnp.zeros_like(x)
    for c in reversed(row):
        value = (value + c) * x
    return value


def _weight_derivative(row: tuple[float, ...], x: RealScalar) -> RealScalar:
    if not any(row):
        return 0.0
    value = jnp.zeros_like(x)
    for d, c in reversed(list(enumerate(row, start=1))):
        value = value * x + d * c
    return value
