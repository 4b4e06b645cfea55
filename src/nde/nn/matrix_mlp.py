"""A matrix-valued network: the vector field of a controlled differential equation."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.types import Args, RealScalar
from nde.nn.precision import precise_as
from nde.nn.time_concatenated import with_time


class MatrixMLP(eqx.Module):
    """Vector field of a controlled differential equation: a multilayer perceptron with matrix values.

    It maps a state of shape `(state,)` to a matrix of shape `(state, control)`. The final activation is `tanh` by
    default, because states may diverge under a vector field that grows faster than linearly. With `gated=True`, a
    second network with values between zero and one multiplies the first, so that components of the state can be kept
    constant.

    Args:
        state_size: Length of the state.
        control_size: Number of channels of the control, including time if it is a channel.
        width: Width of the hidden layers.
        depth: Number of hidden layers.
        gated: Whether to multiply by a gate.
        time: Whether the time is the first entry of the network's input.
        activation: Activation after each hidden layer.
        final_activation: Activation after the last layer.
        key: A `jax.random` key for the weights.

    Attributes:
        gate: The multilayer perceptron of the gate, or `None`.
        network: The multilayer perceptron of the values.

    Source: Kidger, Morrill, Foster and Lyons, *Neural controlled differential equations for irregular time series*
    (2020), doi:10.48550/arXiv.2005.08926.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        field = nde.nn.MatrixMLP(state_size=8, control_size=3, width=16, depth=1, key=jax.random.key(0))
        path = nde.LinearInterpolation(jnp.arange(5.0), jax.random.normal(jax.random.key(1), (5, 3)))
        print(nde.cdeint(field, path, jnp.zeros(8), path.ts).shape)
        ```
    """

    gate: eqx.nn.MLP | None
    network: eqx.nn.MLP
    state_size: int = eqx.field(static=True)
    control_size: int = eqx.field(static=True)
    time: bool = eqx.field(static=True)

    def __init__(
        self,
        state_size: int,
        control_size: int,
        width: int,
        depth: int,
        *,
        gated: bool = False,
        time: bool = False,
        activation: Callable[[Array], Array] = jax.nn.softplus,
        final_activation: Callable[[Array], Array] = jnp.tanh,
        key: PRNGKeyArray,
    ) -> None:
        keys, size, seen = jax.random.split(key), state_size * control_size, state_size + time
        self.network = eqx.nn.MLP(seen, size, width, depth, activation, final_activation, key=keys[0])
        self.gate = None
        if gated:
            self.gate = eqx.nn.MLP(seen, size, width, depth, activation, jax.nn.sigmoid, key=keys[1])
        self.state_size, self.control_size, self.time = state_size, control_size, time

    def __call__(self, t: RealScalar, y: Float[Array, " state"], args: Args = None) -> Float[Array, "state control"]:
        """Evaluate the vector field, in the precision of the state.

        Args:
            t: The time.
            y: The state.
            args: Not used.
        """
        del args
        gate, network = precise_as(y, (self.gate, self.network))
        seen = with_time(t, y) if self.time else y
        flat = network(seen) if gate is None else gate(seen) * network(seen)
        return flat.reshape(self.state_size, self.control_size)
