"""Neural ODEs of tables."""

from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.data import Table
from nde.models.base import AbstractODEModel, initial_state
from nde.models.scaling import Scaling, free_symbol


class NeuralTrajectory(AbstractODEModel):
    """A neural ODE `z' = network(z)` of standardized states, or of their logarithms if all values are positive.

    The number of columns is arbitrary.

    Attributes:
        network: The vector field.

    Source: Chen et al., *Neural ordinary differential equations* (2018), doi:10.48550/arXiv.1806.07366.

    Example:
        ```python
        import jax
        from nde.data import load_lynx_hare
        from nde.models import NeuralTrajectory

        model = NeuralTrajectory.from_table(load_lynx_hare(), key=jax.random.key(0))
        print(model.forecast(load_lynx_hare().ts).shape)
        ```
    """

    key: ClassVar[str] = "neural-trajectory"
    names: tuple[str, ...] = eqx.field(static=True)
    scaling: Scaling = eqx.field(static=True)
    start: Float[Array, " columns"]
    network: eqx.nn.MLP

    @classmethod
    def blank(cls, names: tuple[str, ...], scaling: Scaling, *, key: PRNGKeyArray) -> "NeuralTrajectory":
        """Return a model with random weights."""
        size = len(names)
        network = eqx.nn.MLP(size, size, width_size=24, depth=2, activation=jnp.tanh, key=key)
        return cls(names=names, scaling=scaling, start=jnp.zeros(size), network=network)

    @classmethod
    def from_table(cls, table: Table, *, key: PRNGKeyArray) -> "NeuralTrajectory":
        """Create a model with random weights that starts at the first measurements.

        Args:
            table: Any number of columns.
            key: A key of `jax.random` for the weights.
        """
        scaling = Scaling.of(table)
        model = cls.blank(table.names, scaling, key=key)
        return eqx.tree_at(lambda m: m.start, model, initial_state(scaling, table))

    def vector_field(self, t: Array, z: Float[Array, " columns"], args: Any = None) -> Float[Array, " columns"]:
        """Return the output of the network."""
        del t, args
        return self.network(z)

    def penalty(self, zs: Float[Array, "times columns"]) -> Float[Array, ""]:
        """Return zero."""
        del zs
        return jnp.zeros(())

    def parameters(self) -> dict[str, tuple[float, str]]:
        """Return the initial state: the weights of a network are not interpretable one by one."""
        start = self.scaling.decode(self.start[None])[0]
        values = zip(self.names, start, strict=True)
        return {f"{name} at start": (float(y), f"{name} at the first time") for name, y in values}

    def equation(self) -> str:
        """Return the equation with the state as a vector and the network as a function."""
        states = [f"log {name}" if self.scaling.log else name for name in self.names]
        z, f = free_symbol(self.names), free_symbol(self.names, "fgh")
        return f"d{z} / dt = {f}({z}), {z} = ({', '.join(states)}) standardized, {f} a network with tanh"
