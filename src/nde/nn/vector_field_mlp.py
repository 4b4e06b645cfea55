"""A multilayer perceptron as a vector field."""

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.types import Args, RealScalar
from nde.nn.precision import precise_as
from nde.nn.time_concatenated import with_time


class VectorFieldMLP(eqx.Module):
    """Vector field with bounded values: `dy/dt = scale * tanh(MLP(y))`, optionally of `(t, y)`.

    The `tanh` keeps states from diverging. The scale is learned for each component and sets how fast states move.

    Args:
        state_size: Length of the state.
        width: Width of the hidden layers.
        depth: Number of hidden layers.
        time: Whether the time is the first entry of the network's input.
        output_size: Length of the output; by default that of the state. (An acceleration has half that length.)
        scale: Initial scale, a positive number.
        activation: Activation after each hidden layer.
        final_activation: Activation after the last layer.
        key: A `jax.random` key for the weights.

    Attributes:
        network: The multilayer perceptron.
        log_scale: Logarithms of the scales, of shape `(output_size,)`. On a logarithmic scale, an initial value that is
            off by a factor of a hundred is corrected in a few hundred training steps.

    Source: Chen, Rubanova, Bettencourt and Duvenaud, *Neural ordinary differential equations* (2018),
    doi:10.48550/arXiv.1806.07366.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        field = nde.nn.VectorFieldMLP(state_size=2, width=16, depth=2, time=True, key=jax.random.key(0))
        print(nde.odeint(field, jnp.ones(2), jnp.linspace(0.0, 1.0, 3)))
        ```
    """

    network: eqx.nn.MLP
    log_scale: Float[Array, " output"]
    time: bool = eqx.field(static=True)

    def __init__(
        self,
        state_size: int,
        width: int,
        depth: int,
        *,
        time: bool = False,
        output_size: int | None = None,
        scale: float = 1.0,
        activation: Callable[[Array], Array] = jax.nn.silu,
        final_activation: Callable[[Array], Array] = jnp.tanh,
        key: PRNGKeyArray,
    ) -> None:
        size = state_size if output_size is None else output_size
        self.network = eqx.nn.MLP(state_size + time, size, width, depth, activation, final_activation, key=key)
        self.log_scale = jnp.full(size, math.log(scale), float)
        self.time = time

    def __call__(self, t: RealScalar, y: Float[Array, " state"], args: Args = None) -> Float[Array, " output"]:
        """Evaluate the vector field, in the precision of the state.

        Args:
            t: The time.
            y: The state.
            args: Not used.
        """
        del args
        network, log_scale = precise_as(y, (self.network, self.log_scale))
        return jnp.exp(log_scale) * network(with_time(t, y) if self.time else y)
