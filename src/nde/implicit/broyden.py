"""Broyden's method."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from nde.core.types import IntScalar, RealScalar
from nde.roots.iteration import AbstractIterativeSolver, Proposal, Residual
from nde.roots.linear import no_trouble
from nde.roots.members import Rows, dot, norm_of, put

Factors = Float[Array, "memory members numbers"]


class InverseJacobian(eqx.Module):
    """The inverse `-I + sum u v^T` of the Jacobian of the residual, as far as it is known, and the last point.

    Attributes:
        x: The last point.
        h: The residual there.
        u: Left factors.
        v: Right factors.
        begin: The first of them that a member uses.
    """

    x: Rows
    h: Rows
    u: Factors
    v: Factors
    begin: Int[Array, " members"]


class Broyden(AbstractIterativeSolver):
    """Broyden's method with limited memory: Newton's with a Jacobian that learns from each step.

    It begins as fixed-point iteration. When the memory is full, all begin anew; a member does so, too, when its
    residual has grown by the factor `restart`.

    Attributes:
        memory: How many steps it learns from.
        restart: The growth of the residual in one step that a member begins anew at.

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

    memory: int = 20
    restart: RealScalar = 2.0

    def init(self, residual: Residual, x: Rows, h: Rows) -> InverseJacobian:
        """That of a constant function."""
        del residual
        factors = jnp.zeros((self.memory, *x.shape), x.dtype)
        return InverseJacobian(x, h, factors, factors, jnp.zeros(x.shape[:1], jnp.int32))

    def step(self, residual: Residual, k: IntScalar, x: Rows, h: Rows, state: InverseJacobian) -> Proposal:
        """Newton's step."""
        del residual
        slot = jnp.remainder(k - 1, self.memory)
        begin = jnp.where(slot == 0, 0, state.begin)
        known = self._between(begin, slot)
        dx, dh = x - state.x, h - state.h
        v = _apply(state.v, state.u, dx, known)
        image = _apply(state.u, state.v, dh, known)
        overlap = dot(v, dh)[:, None]
        u = jnp.where(overlap != 0, (dx - image) / jnp.where(overlap != 0, overlap, 1), 0)
        grown = norm_of(h) > jnp.asarray(self.restart, x.dtype) * norm_of(state.h)
        begin = jnp.where(grown | (k == 0), slot + 1, begin)
        state = InverseJacobian(x, h, put(state.u, u, slot), put(state.v, v, slot), begin)
        return Proposal(x - _apply(state.u, state.v, h, self._between(begin, slot + 1)), state, no_trouble(x))

    def _between(self, begin: Int[Array, " members"], end: IntScalar) -> Bool[Array, "memory members"]:
        places = jnp.arange(self.memory, dtype=jnp.int32)[:, None]
        return (places >= begin[None]) & (places < end)


def _apply(left: Factors, right: Factors, w: Rows, known: Bool[Array, "memory members"]) -> Rows:
    """The product of `-I + sum left right^T` with a vector."""
    along = jnp.where(known, jnp.sum(right * w[None], axis=2), 0)
    return jnp.sum(along[:, :, None] * left, axis=0) - w
