"""A perceptron as the vector field of an ordinary equation."""

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
    """A multilayer perceptron with a bounded value: `dy/dt = scale * tanh(MLP(y))`, or of `(t, y)`.

    The `tanh` keeps states from running away, and the scale, learned for each component, says how fast they move.

    Args:
        state_size: Length of the state.
        width: Width of the hidden layers.
        depth: Number of hidden layers.
        time: Whether the network sees the time, as the first entry of its input.
        output_size: Length of the value, if it is not that of the state: an acceleration has half the length.
        scale: With what the scale begins, a positive number.
        activation: Between the layers.
        final_activation: After the last.
        key: Of `jax.random`, for the weights.

    Attributes:
        network: The perceptron.
        log_scale: The logarithms of its factors, of shape `(output_size,)`: states that move a hundred times as fast
            as one thought are learned in a few hundred steps.

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
        """The value at a time and state, in the precision of the state.

        Args:
            t: The time.
            y: The state.
            args: Not used.
        """
        del args
        network, log_scale = precise_as(y, (self.network, self.log_scale))
        return jnp.exp(log_scale) * network(with_time(t, y) if self.time else y)
