"""A convolutional vector field for images."""

from collections.abc import Callable

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.types import Args, RealScalar
from nde.nn.precision import precise_as
from nde.nn.time_concatenated import with_time


class VectorFieldConv(eqx.Module):
    """Convolutional vector field for images of shape `(channel, height, width)`.

    Each convolution receives the time as an additional channel. Each hidden layer has group normalization before its
    activation (not batch normalization: a vector field sees one sample at a time). The image size does not change.

    Args:
        channels: Number of channels of the state.
        width: Number of channels of the hidden layers.
        depth: Number of hidden layers.
        kernel_size: Height and width of the kernels, an odd number.
        groups: Number of groups for group normalization.
        activation: Activation after each normalization; the last convolution has none.
        key: A `jax.random` key for the weights.

    Attributes:
        norms: The normalization layers, one for each hidden layer.
        convolutions: The convolutions, one more than hidden layers.
        activation: The activation of hidden layers.

    Raises:
        ValueError: If `kernel_size` is even, or `width` is not a multiple of `groups`.

    Source: Chen, Rubanova, Bettencourt and Duvenaud, *Neural ordinary differential equations* (2018),
    doi:10.48550/arXiv.1806.07366; Wu and He, *Group normalization* (2018), doi:10.48550/arXiv.1803.08494.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        field = nde.nn.VectorFieldConv(channels=1, width=8, depth=1, groups=2, key=jax.random.key(0))
        print(nde.odeint(field, jnp.ones((1, 6, 6)), jnp.linspace(0.0, 1.0, 3), rtol=1e-3, atol=1e-3).shape)
        ```
    """

    norms: tuple[eqx.nn.GroupNorm, ...]
    convolutions: tuple[eqx.nn.Conv2d, ...]
    activation: Callable[[Array], Array] = eqx.field(static=True)

    def __init__(
        self,
        channels: int,
        width: int,
        depth: int,
        *,
        kernel_size: int = 3,
        groups: int = 1,
        activation: Callable[[Array], Array] = jax.nn.silu,
        key: PRNGKeyArray,
    ) -> None:
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, to preserve the image size; got {kernel_size}. Try 3.")
        if width % groups:
            raise ValueError(f"width must be a multiple of groups; got width={width} and groups={groups}.")
        sizes, keys = (channels, *[width] * depth, channels), jax.random.split(key, depth + 1)
        self.norms = tuple(eqx.nn.GroupNorm(groups, width) for _ in range(depth))
        self.convolutions = tuple(
            eqx.nn.Conv2d(before + 1, after, kernel_size, padding=kernel_size // 2, key=k)
            for before, after, k in zip(sizes[:-1], sizes[1:], keys, strict=True)
        )
        self.activation = activation

    def __call__(
        self, t: RealScalar, y: Float[Array, "channel height width"], args: Args = None
    ) -> Float[Array, "channel height width"]:
        """Evaluate the vector field, in the precision of the state.

        Args:
            t: The time.
            y: The state.
            args: Not used.
        """
        del args
        (*hidden, last), norms = precise_as(y, (self.convolutions, self.norms))
        for convolution, norm in zip(hidden, norms, strict=True):
            y = self.activation(norm(convolution(with_time(t, y))))
        return last(with_time(t, y))
