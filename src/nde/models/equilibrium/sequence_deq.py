"""A deep equilibrium model of sequences."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.models.equilibrium.base import (
    GRADIENT,
    SOLVER,
    AbstractEquilibriumModel,
    Activation,
    check_input,
    check_sizes,
    checked_dropout,
)
from nde.models.equilibrium.deq import DEQ
from nde.models.equilibrium.injected_map import InjectedMap
from nde.nn import bounded_norms


class SequenceDEQ(AbstractEquilibriumModel):
    """A deep equilibrium model from sequences to sequences: a causal convolution with shared weights, infinitely deep.

    `z = activation(W * z + U * x + b)` and `y_t = O z_t + c`, where `*` are convolutions with the present and past. So
    `y_t` depends on all `x` until `t`, and on none after. The norm of the convolution with `W` is bounded; with a bound
    below 1 there is one equilibrium.

    Args:
        input_size: Number of channels of the input.
        hidden_size: Number of channels of the state.
        output_size: Number of channels of the output.
        kernel_size: How many times a convolution sees, the present one included.
        dilation: How far these are apart.
        bound: The bound of the norm of the convolution with `W`.
        activation: The activation.
        dropout: The probability that a number of the equilibrium is dropped in training.
        solver: How the equilibrium is found.
        gradient: How it is differentiated.
        options: Passed to `DEQ`: `rtol`, `atol`, `max_steps`, `applications`, `throw`.
        key: A `jax.random` key for the weights.

    Attributes:
        encoder: The convolution with `U` and `b`.
        layer: The equilibrium layer.
        decoder: The map with `O` and `c`.
        dropout: The probability of dropout.

    Raises:
        ValueError: If a size is not positive, or `dropout` is no probability.

    Source: Bai, Kolter and Koltun, *Deep equilibrium models* (2019), doi:10.48550/arXiv.1909.01377.

    Example:
        ```python
        import jax
        import nde

        model = nde.models.SequenceDEQ(input_size=2, hidden_size=8, output_size=1, key=jax.random.key(0))
        print(model(jax.random.normal(jax.random.key(1), (20, 2))).shape)
        ```
    """

    encoder: eqx.nn.Conv1d
    layer: DEQ
    decoder: eqx.nn.Linear
    dropout: float = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        *,
        kernel_size: int = 3,
        dilation: int = 1,
        bound: float = 0.95,
        activation: Activation = jnp.tanh,
        dropout: float = 0.0,
        solver: Any = SOLVER,
        gradient: Any = GRADIENT,
        key: PRNGKeyArray,
        **options: Any,
    ) -> None:
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "output_size": output_size}
        check_sizes("SequenceDEQ", **sizes, kernel_size=kernel_size, dilation=dilation)
        first, middle, last = jax.random.split(key, 3)
        past: dict[str, Any] = {"dilation": dilation, "padding": [((kernel_size - 1) * dilation, 0)]}
        self.encoder = eqx.nn.Conv1d(input_size, hidden_size, kernel_size, **past, key=first)
        kernel = eqx.nn.Conv1d(hidden_size, hidden_size, kernel_size, **past, use_bias=False, key=middle)
        f = InjectedMap(bounded_norms(kernel, bound), activation)
        self.layer = DEQ(f, jnp.zeros_like, solver=solver, gradient=gradient, **options)
        self.decoder = eqx.nn.Linear(hidden_size, output_size, key=last)
        self.dropout = checked_dropout("SequenceDEQ", dropout)

    def inject(self, x: Float[Array, "..."]) -> Float[Array, "hidden time"]:
        """Return `U * x + b`."""
        check_input("SequenceDEQ", x, "input_size", ("time", self.encoder.in_channels))
        return self.encoder(x.T)

    def read(self, z: Float[Array, "hidden time"]) -> Float[Array, "time output"]:
        """Return `O z_t + c` for each time."""
        return jax.vmap(self.decoder, in_axes=1)(z)
