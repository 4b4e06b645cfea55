"""A diagonal diffusion whose components depend on their own component of the state."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.nn import softplus


class ComponentDiffusion(eqx.Module):
    """A small network for each component of the state, with values between `least` and `least + 1`.

    The diffusion `g_i(z_i)` is diagonal with commutative noise, and converting from Itô to Stratonovich changes only
    the drift. All networks are evaluated as one batched product.

    Args:
        size: Number of components.
        width: Width of each network's hidden layer.
        least: The minimum value. The KL divergence of paths divides by the diffusion.
        key: A key of `jax.random` for the weights.

    Attributes:
        weight: Weights of the hidden layers.
        bias: Biases of the hidden layers.
        out_weight: Weights of the last layers.
        out_bias: Biases of the last layers.
        least: The minimum value.

    Source: Li, Wong, Chen and Duvenaud, *Scalable gradients for stochastic differential equations* (2020), section
    9.9, doi:10.48550/arXiv.2001.01328.

    Example:
        ```python
        import jax, jax.numpy as jnp
        from nde.models import ComponentDiffusion

        print(ComponentDiffusion(size=3, width=8, key=jax.random.key(0))(jnp.zeros(3)))
        ```
    """

    weight: Float[Array, "state width"]
    bias: Float[Array, "state width"]
    out_weight: Float[Array, "state width"]
    out_bias: Float[Array, " state"]
    least: float = eqx.field(static=True)

    def __init__(self, size: int, width: int, *, least: float = 1e-3, key: PRNGKeyArray) -> None:
        keys = jax.random.split(key, 4)
        self.weight = jax.random.uniform(keys[0], (size, width), minval=-1.0, maxval=1.0)
        self.bias = jax.random.uniform(keys[1], (size, width), minval=-1.0, maxval=1.0)
        bound = width**-0.5
        self.out_weight = jax.random.uniform(keys[2], (size, width), minval=-bound, maxval=bound)
        self.out_bias = jax.random.uniform(keys[3], (size,), minval=-bound, maxval=bound)
        self.least = least

    def __call__(self, state: Float[Array, " state"]) -> Float[Array, " state"]:
        """Return the diffusion at a state."""
        hidden = softplus(self.weight * state[:, None] + self.bias)
        return self.least + jax.nn.sigmoid(jnp.sum(self.out_weight * hidden, axis=1) + self.out_bias)
