"""Neural SDEs of tables."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from nde.data import Table
from nde.models.scaling import Scaling, Transform, free_symbol
from nde.models.stochastic import AbstractSDEModel
from nde.nn import scaled_last_layer
from nde.train import Transitions

_MIN_DIFFUSION = 1e-3
"""The minimum of the diffusion, relative to that of a random walk."""


class NeuralSDE(AbstractSDEModel):
    """A neural SDE whose drift and diagonal diffusion are small networks of the whole standardized state.

    The model starts as a random walk: the drift is zero, and the diffusion is estimated from the observed changes.

    Attributes:
        pull: The network of the drift.
        noise: The network of the diffusion, before softplus.
        log_volatility: The logarithm of the scale of the diffusion, initially that of a random walk.

    Source: Tzen and Raginsky, *Neural stochastic differential equations* (2019), doi:10.48550/arXiv.1905.09883.

    Example:
        ```python
        from nde.data import load_sunspots
        from nde.models import NeuralSDE

        print(NeuralSDE.from_tables([load_sunspots()], "root").equation())
        ```
    """

    key: ClassVar[str] = "sde-neural"
    coupled: ClassVar[bool] = True
    most_substeps: ClassVar[int] = 4
    names: tuple[str, ...] = eqx.field(static=True)
    scaling: Scaling = eqx.field(static=True)
    pull: eqx.nn.MLP
    noise: eqx.nn.MLP
    log_volatility: Float[Array, " columns"]

    @classmethod
    def blank(cls, names: tuple[str, ...], scaling: Scaling, *, key: PRNGKeyArray) -> "NeuralSDE":
        """Return a model with zero drift and unit diffusion."""
        size, (first, second) = len(names), jax.random.split(key)
        pull, noise = (eqx.nn.MLP(size, size, 16, 2, activation=jnp.tanh, key=k) for k in (first, second))
        return cls(
            names=names,
            scaling=scaling,
            pull=scaled_last_layer(pull),
            noise=scaled_last_layer(noise),
            log_volatility=jnp.zeros(size),
        )

    @classmethod
    def from_tables(
        cls, tables: Sequence[Table], transform: Transform = "none", *, key: PRNGKeyArray = jax.random.key(0)
    ) -> "NeuralSDE":
        """Create a model that starts as a random walk.

        Args:
            tables: One table for each series. Only complete rows are used.
            transform: Whether to model the quantities themselves (`none`), their square roots (`root`) or their
                logarithms (`log`).
            key: A key of `jax.random` for the weights.

        Raises:
            DataError: If a value has no square root or logarithm, or no series has two complete rows.
        """
        scaling = Scaling.of_series(tables, transform)
        volatilities = Transitions.of(tables, scaling, coupled=cls.coupled).volatilities()
        blank = cls.blank(tables[0].names, scaling, key=key)
        return eqx.tree_at(lambda m: m.log_volatility, blank, jnp.asarray(np.log(volatilities), float))

    def drift(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """Return the output of the drift network."""
        return self.pull(z)

    def diffusion(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """Return the output of the diffusion network, made positive."""
        share = (jax.nn.softplus(self.noise(z)) + _MIN_DIFFUSION) / (jax.nn.softplus(0.0) + _MIN_DIFFUSION)
        return share * jnp.exp(self.log_volatility)

    def natural(self) -> dict[str, Array]:
        """Return an empty dictionary: the weights of a network are not interpretable one by one."""
        return {}

    def meanings(self) -> dict[str, str]:
        """Return an empty dictionary."""
        return {}

    def unidentified(self, errors: Mapping[str, float | None]) -> frozenset[str]:
        """Return an empty set."""
        del errors
        return frozenset()

    def equation(self) -> str:
        """Return the equation with the state as a vector and the networks as functions."""
        states = ", ".join(self.scaling.label(name) for name in self.names)
        z, f, g = (free_symbol(self.names, letters) for letters in ("zuvxyw", "fpa", "gqb"))
        return f"d{z} = {f}({z}) dt + {g}({z}) dW, {z} = ({states}) standardized, {f} and {g} networks with tanh"
