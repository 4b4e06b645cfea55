"""Broyden's method."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool

from nde.core.types import IntScalar
from nde.roots.iteration import AbstractIterativeSolver, Proposal, Residual
from nde.roots.linear import no_trouble
from nde.roots.members import Rows, Vectors, combination, dot, products, put


class InverseJacobian(eqx.Module):
    """The inverse `-I + sum u v^T` of the Jacobian of the residual, as far as it is known, and the last point.

    Attributes:
        x: The last point.
        h: The residual there.
        u: Left factors.
        v: Right factors.
    """

    x: Rows
    h: Rows
    u: Vectors
    v: Vectors


class Broyden(AbstractIterativeSolver):
    """Broyden's method with limited memory: Newton's with a Jacobian that learns from each step.

    It begins as fixed-point iteration, and begins anew when its memory is full.

    Attributes:
        memory: How many steps it learns from.

    Source: Broyden, *A class of methods for solving nonlinear simultaneous equations* (1965),
    doi:10.1090/S0025-5718-1965-0198670-6.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        weights = 0.3 * jnp.cos(jnp.arange(16.0)).reshape(4, 4)
        layer = lambda z, x: jnp.tanh(weights @ z + x)
        sol = nde.implicit.fixed_point(layer, jnp.zeros(4), jnp.ones(4), solver=nde.implicit.Broyden())
        print(sol.stats["num_steps"])
        ```
    """

    memory: int = eqx.field(static=True, default=20)

    def init(self, residual: Residual, x: Rows, h: Rows) -> InverseJacobian:
        """That of a constant function."""
        del residual
        factors = jnp.zeros((x.shape[0], self.memory, x.shape[1]), x.dtype)
        return InverseJacobian(x, h, factors, factors)

    def step(self, residual: Residual, k: IntScalar, x: Rows, h: Rows, state: InverseJacobian) -> Proposal:
        """Newton's step."""
        del residual
        slot = jnp.remainder(k - 1, self.memory)
        known = self._first(jnp.where(k == 0, 0, slot))
        dx, dh = x - state.x, h - state.h
        v = _apply(state.v, state.u, dx, known)
        image = _apply(state.u, state.v, dh, known)
        overlap = dot(v, dh)[:, None]
        u = jnp.where(overlap != 0, (dx - image) / jnp.where(overlap != 0, overlap, 1), 0)
        state = InverseJacobian(x, h, put(state.u, u, slot), put(state.v, v, slot))
        known = self._first(jnp.where(k == 0, 0, slot + 1))
        return Proposal(x - _apply(state.u, state.v, h, known), state, no_trouble(x))

    def _first(self, count: IntScalar) -> Bool[Array, "1 memory"]:
        return (jnp.arange(self.memory, dtype=jnp.int32) < count)[None]


def _apply(left: Vectors, right: Vectors, w: Rows, known: Bool[Array, "1 memory"]) -> Rows:
    """The product of `-I + sum left right^T` with a vector."""
    return combination(jnp.where(known, products(right, w), 0), left) - w
