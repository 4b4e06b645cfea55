"""A deep equilibrium model of images."""

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


class ImageDEQ(AbstractEquilibriumModel):
    """A deep equilibrium model from images to vectors: `z = activation(W * z + U * x + b)`, `y = O pool(z) + c`.

    `*` are convolutions that keep the size of the image, which may be any; so one pair of kernels sees all of it. The
    norm of the convolution with `W` is bounded; with a bound below 1 there is one equilibrium.

    Args:
        channels: Number of channels of the image.
        hidden_channels: Number of channels of the state.
        output_size: Length of the output.
        kernel_size: Height and width of the kernels, an odd number.
        pool: The equilibrium is averaged over `pool` by `pool` equal parts of the image.
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
        pool: The average over parts.
        decoder: The map with `O` and `c`.
        dropout: The probability of dropout.

    Raises:
        ValueError: If a size is not positive, `kernel_size` is even, or `dropout` is no probability.

    Source: Bai, Koltun and Kolter, *Multiscale deep equilibrium models* (2020), doi:10.48550/arXiv.2006.08656.

    Example:
        ```python
        import jax
        import nde

        model = nde.models.ImageDEQ(channels=1, hidden_channels=4, output_size=10, key=jax.random.key(0))
        print(model(jax.random.normal(jax.random.key(1), (3, 1, 8, 8)), batched=True).shape)
        ```
    """

    encoder: eqx.nn.Conv2d
    layer: DEQ
    pool: eqx.nn.AdaptiveAvgPool2d
    decoder: eqx.nn.Linear
    dropout: float = eqx.field(static=True)

    def __init__(
        self,
        channels: int,
        hidden_channels: int,
        output_size: int,
        *,
        kernel_size: int = 3,
        pool: int = 2,
        bound: float = 0.95,
        activation: Activation = jax.nn.relu,
        dropout: float = 0.0,
        solver: Any = SOLVER,
        gradient: Any = GRADIENT,
        key: PRNGKeyArray,
        **options: Any,
    ) -> None:
        sizes = {"channels": channels, "hidden_channels": hidden_channels, "output_size": output_size}
        check_sizes("ImageDEQ", **sizes, kernel_size=kernel_size, pool=pool)
        if kernel_size % 2 == 0:
            raise ValueError(f"`ImageDEQ` got kernel_size={kernel_size}; expected an odd number. Try 3.")
        first, middle, last = jax.random.split(key, 3)
        padding = kernel_size // 2
        self.encoder = eqx.nn.Conv2d(channels, hidden_channels, kernel_size, padding=padding, key=first)
        kernel = eqx.nn.Conv2d(
            hidden_channels, hidden_channels, kernel_size, padding=padding, use_bias=False, key=middle
        )
        f = InjectedMap(bounded_norms(kernel, bound), activation)
        self.layer = DEQ(f, jnp.zeros_like, solver=solver, gradient=gradient, **options)
        self.pool = eqx.nn.AdaptiveAvgPool2d(pool)
        self.decoder = eqx.nn.Linear(hidden_channels * pool**2, output_size, key=last)
        self.dropout = checked_dropout("ImageDEQ", dropout)

    def inject(self, x: Float[Array, "..."]) -> Float[Array, "channel height width"]:
        """Return `U * x + b`."""
        check_input("ImageDEQ", x, "channels", (self.encoder.in_channels, "height", "width"))
        return self.encoder(x)

    def read(self, z: Float[Array, "channel height width"]) -> Float[Array, " output"]:
        """Return `O pool(z) + c`."""
        return self.decoder(self.pool(z).reshape(-1))
