"""The Lotka-Volterra model with a neural network for the rest of the dynamics."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.data import Table
from nde.models.base import AbstractODEModel
from nde.models.lotka_volterra import LotkaVolterra, check_two_columns
from nde.models.scaling import Scaling, free_symbol
from nde.nn import scaled_last_layer


class HybridLotkaVolterra(AbstractODEModel):
    """The Lotka-Volterra equations plus a small neural network for the dynamics that they miss.

    The network adds to the relative growth of both quantities. It starts at zero, and a penalty on its mean square
    along the fit keeps it small, so that the mechanism explains as much as it can.

    Attributes:
        mechanism: The Lotka-Volterra model.
        residual: The network.

    Source: Rackauckas et al., *Universal differential equations for scientific machine learning* (2020),
    doi:10.48550/arXiv.2001.04385.

    Example:
        ```python
        import jax
        from nde.data import load_lynx_hare
        from nde.models import HybridLotkaVolterra

        print(HybridLotkaVolterra.from_table(load_lynx_hare(), key=jax.random.key(0)).equation())
        ```
    """

    key: ClassVar[str] = "hybrid"
    names: tuple[str, ...] = eqx.field(static=True)
    scaling: Scaling = eqx.field(static=True)
    start: Float[Array, " columns"]
    mechanism: LotkaVolterra
    residual: eqx.nn.MLP
    strength: float = eqx.field(static=True)

    @classmethod
    def blank(
        cls, names: tuple[str, ...], scaling: Scaling, *, key: PRNGKeyArray, strength: float = 3.0
    ) -> "HybridLotkaVolterra":
        """Return a model with unit rates and a network that is zero; `strength` is the weight of the penalty."""
        mechanism = LotkaVolterra.blank(names, scaling, key=key)
        network = eqx.nn.MLP(2, 2, width_size=12, depth=2, activation=jnp.tanh, key=key)
        return cls(
            names=names,
            scaling=scaling,
            start=jnp.zeros(2),
            mechanism=mechanism,
            residual=scaled_last_layer(network),
            strength=strength,
        )

    @classmethod
    def from_table(cls, table: Table, *, key: PRNGKeyArray) -> "HybridLotkaVolterra":
        """Create a model for a table, with the mechanism of `LotkaVolterra.from_table`.

        Args:
            table: Prey and predators, in this order.
            key: A key of `jax.random` for the weights.

        Raises:
            DataError: If there are not exactly two columns, or values are not positive.
        """
        check_two_columns(table, cls.key)
        mechanism = LotkaVolterra.from_table(table, key=key)
        model = cls.blank(table.names, mechanism.scaling, key=key)
        return eqx.tree_at(lambda m: (m.start, m.mechanism), model, (mechanism.start, mechanism))

    def vector_field(self, t: Array, z: Float[Array, " columns"], args: Any = None) -> Float[Array, " columns"]:
        """Return the relative growth, the sum of the mechanism and the network."""
        return self.mechanism.vector_field(t, z, args) + self.residual(z)

    def penalty(self, zs: Float[Array, "times columns"]) -> Float[Array, ""]:
        """Return the mean square of the network along the fit, times the strength."""
        return self.strength * jnp.mean(jax.vmap(self.residual)(zs) ** 2)

    def parameters(self) -> dict[str, tuple[float, str]]:
        """Return the parameters of the mechanism."""
        return eqx.tree_at(lambda m: m.start, self.mechanism, self.start).parameters()

    def equation(self) -> str:
        """Return the equation of the mechanism, with the network as a function."""
        lines = self.mechanism.equation().split("\n")
        x, y = self.names
        first, second = (free_symbol(self.names, (f"f{i}", f"g{i}")) for i in (1, 2))
        return f"{lines[0]} + {x} {first}({x}, {y})\n{lines[1]} + {y} {second}({x}, {y})"
