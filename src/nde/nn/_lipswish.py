"""A smooth activation that stretches nothing."""

import jax
from jaxtyping import Array, Float


def lipswish(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """The swish with a slope of at most one: `0.909 * x * sigmoid(x)`.

    Layers of slope at most one, with such activations between them, make a network whose Lipschitz constant is the
    product of those of its layers: that of a discriminator, or of a vector field that is to be cheap to solve.

    Args:
        x: Any array.

    Returns:
        Its values, in the same shape and precision.

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
