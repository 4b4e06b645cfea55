"""A vector field for latent states."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

_TURNS, _DAMPING = 0.5, 0.1
"""Deviations of the first weights: over a time of one they turn states about once, and damp them little."""


class DampedField(eqx.Module):
    """`f(y) = (S - S^T - D D^T) y + r tanh(network(y))`: turns, damping, and a part that is bounded.

    The linear part never lets a state grow, and the other grows no faster than `r`, so states do not run away where
    there were no data. A network alone learns an oscillation much more slowly.

    Attributes:
        turns: `S`.
        damping: `D`.
        rate: `r`.
        network: The network; `tanh` is its last activation.
    """

    turns: Float[Array, "state state"]
    damping: Float[Array, "state state"]
    rate: Float[Array, ""]
    network: eqx.nn.MLP

    def __init__(self, size: int, width: int, depth: int, *, key: PRNGKeyArray) -> None:
        turns, damping, network = jax.random.split(key, 3)
        self.turns = _TURNS * jax.random.normal(turns, (size, size))
        self.damping = _DAMPING * jax.random.normal(damping, (size, size))
        self.rate = jnp.ones(())
        self.network = eqx.nn.MLP(size, size, width, depth, jax.nn.softplus, jnp.tanh, key=network)

    @property
    def matrix(self) -> Float[Array, "state state"]:
        """The linear part, of which no eigenvalue has a positive real part."""
        return self.turns - self.turns.T - self.damping @ self.damping.T

    def __call__(self, y: Float[Array, " state"]) -> Float[Array, " state"]:
        """The slope at a state."""
        return self.matrix @ y + self.rate * self.network(y)
