"""A smooth activation function with a bounded slope."""

import jax
from jaxtyping import Array, Float


def lipswish(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Swish activation scaled to a Lipschitz constant of at most one: `0.909 * x * sigmoid(x)`.

    The Lipschitz constant of a network with this activation is at most the product of those of its linear layers. Use
    it in the discriminator of an SDE-GAN, or in vector fields that should be cheap to solve.

    Args:
        x: Input array of any shape.

    Returns:
        The activations, with the shape and dtype of `x`.

    Source: Chen, Behrmann, Duvenaud and Jacobsen, *Residual flows for invertible generative modeling* (2019),
    doi:10.48550/arXiv.1906.02735.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        print(nde.nn.lipswish(jnp.linspace(-2.0, 2.0, 5)))
        ```
    """
    return 0.909 * jax.nn.silu(x)
