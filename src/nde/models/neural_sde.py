"""Networks as drift and diffusion."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from nde.data import Table
from nde.models.scaling import Scaling, Transform
from nde.models.stochastic import AbstractSDEModel
from nde.nn import scaled_last_layer
from nde.train import Transitions

_LEAST = 1e-3
"""The least diffusion, as a share of that of a random walk."""


class NeuralSDE(AbstractSDEModel):
    """Drift and diffusion are small networks of the whole state, standardized; the diffusion is diagonal and positive.

    It begins as a random walk: the drift is zero, and the diffusion what the changes measured say.

    Attributes:
        pull: The network of the drift.
        noise: The network of the diffusion, before softplus.
        log_volatility: What the diffusion is a multiple of, as a logarithm: that of a random walk to begin with.

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
        """No drift, and a diffusion of one."""
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
        """A random walk.

        Args:
            tables: One for each series; only rows without a gap are learned from.
            transform: What the equation is for: the quantities (`none`), their `root` or their `log`.
            key: For the networks' weights.

        Raises:
            DataError: If a value has no root or logarithm, or there are no two rows without a gap.
        """
        scaling = Scaling.of_series(tables, transform)
        volatilities = Transitions.of(tables, scaling, coupled=cls.coupled).volatilities()
        blank = cls.blank(tables[0].names, scaling, key=key)
        return eqx.tree_at(lambda m: m.log_volatility, blank, jnp.asarray(np.log(volatilities), float))

    def drift(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """The network."""
        return self.pull(z)

    def diffusion(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """The network, made positive."""
        share = (jax.nn.softplus(self.noise(z)) + _LEAST) / (jax.nn.softplus(0.0) + _LEAST)
        return share * jnp.exp(self.log_volatility)

    def natural(self) -> dict[str, Array]:
        """None: the weights of a network say nothing one by one."""
        return {}

    def meanings(self) -> dict[str, str]:
        """None."""
        return {}

    def unidentified(self, errors: Mapping[str, float | None]) -> frozenset[str]:
        """None."""
        del errors
        return frozenset()

    def equation(self) -> str:
        """The state as a vector, and the networks as functions of it."""
        states = ", ".join(self.scaling.label(name) for name in self.names)
        return f"dz = f(z) dt + g(z) dW, z = ({states}) standardized, f and g networks with tanh"
