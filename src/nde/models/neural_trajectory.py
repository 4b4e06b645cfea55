"""A network as the whole vector field."""

from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.data import Table
from nde.models.base import AbstractODEModel, first_state
from nde.models.scaling import Scaling


class NeuralTrajectory(AbstractODEModel):
    """`z' = network(z)` for standardized states, logarithms of them if all are positive; any number of columns.

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
        """A network of random weights."""
        size = len(names)
        network = eqx.nn.MLP(size, size, width_size=24, depth=2, activation=jnp.tanh, key=key)
        return cls(names=names, scaling=scaling, start=jnp.zeros(size), network=network)

    @classmethod
    def from_table(cls, table: Table, *, key: PRNGKeyArray) -> "NeuralTrajectory":
        """A network of random weights, and the first measurements as initial state.

        Args:
            table: Any number of columns.
            key: For the network's weights.
        """
        scaling = Scaling.of(table)
        model = cls.blank(table.names, scaling, key=key)
        return eqx.tree_at(lambda m: m.start, model, first_state(scaling, table))

    def vector_field(self, t: Array, z: Float[Array, " columns"], args: Any = None) -> Float[Array, " columns"]:
        """The network."""
        del t, args
        return self.network(z)

    def penalty(self, zs: Float[Array, "times columns"]) -> Float[Array, ""]:
        """None."""
        del zs
        return jnp.zeros(())

    def parameters(self) -> dict[str, tuple[float, str]]:
        """The initial state: the weights of a network say nothing one by one."""
        start = self.scaling.decode(self.start[None])[0]
        told = zip(self.names, start, strict=True)
        return {f"{name} at start": (float(y), f"{name} at the first time") for name, y in told}

    def equation(self) -> str:
        """The state as a vector, and the network as a function of it."""
        states = [f"log {name}" if self.scaling.log else name for name in self.names]
        return f"dz / dt = f(z), z = ({', '.join(states)}) standardized, f a network with tanh"
