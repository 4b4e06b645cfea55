"""A stable vector field for latent states."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

_ROTATION_SCALE, _DAMPING_SCALE = 0.5, 0.1
"""Standard deviations of the initial weights: over unit time they rotate states about once, with little damping."""
_COUPLING = 0.1
"""The share of them that stays if frequencies are given."""


class DampedField(eqx.Module):
    """The vector field `f(y) = (S - S^T - D D^T) y + r tanh(network(y))`: rotation, damping, and a bounded part.

    The linear part never lets a state grow, and the other part is bounded by `r`, so states do not diverge where there
    were no data. A network alone learns oscillations much more slowly.

    Attributes:
        turns: The matrix `S`.
        damping: The matrix `D`.
        rate: The factor `r`.
        network: The network, with `tanh` as its final activation.
    """

    turns: Float[Array, "state state"]
    damping: Float[Array, "state state"]
    rate: Float[Array, ""]
    network: eqx.nn.MLP

    def __init__(
        self, size: int, width: int, depth: int, *, frequencies: Sequence[float] = (), key: PRNGKeyArray
    ) -> None:
        turns, damping, network = jax.random.split(key, 3)
        self.turns = _ROTATION_SCALE * jax.random.normal(turns, (size, size))
        if frequencies:
            self.turns = _COUPLING * self.turns + _rotations(size, frequencies)
        self.damping = _DAMPING_SCALE * jax.random.normal(damping, (size, size))
        self.rate = jnp.ones(())
        self.network = eqx.nn.MLP(size, size, width, depth, jax.nn.softplus, jnp.tanh, key=network)

    @property
    def matrix(self) -> Float[Array, "state state"]:
        """The linear part, whose eigenvalues have no positive real parts."""
        return self.turns - self.turns.T - self.damping @ self.damping.T

    def __call__(self, y: Float[Array, " state"]) -> Float[Array, " state"]:
        """Return the derivative at a state."""
        return self.matrix @ y + self.rate * self.network(y)


def _rotations(size: int, frequencies: Sequence[float]) -> Float[Array, "state state"]:
    """The matrix that rotates pairs of states, each by a frequency in turns per unit time."""
    first = 2 * jnp.arange(min(len(frequencies), size // 2))
    angles = 2 * jnp.pi * jnp.asarray(frequencies, float)[: len(first)]
    return jnp.zeros((size, size)).at[first, first + 1].set(angles)
