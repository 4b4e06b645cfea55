"""A softplus that costs little more than its exponential."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def softplus(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """`log(1 + exp(x))`, to the precision of its argument, about twice as fast on a CPU as by a logarithm.

    With `u = exp(-|x|)` it is `max(x, 0) + log(1 + u)`, and `log(1 + u) = 2 artanh(u / (2 + u))`, whose argument is at
    most a third: a few terms of the series are exact.

    Args:
        x: Any array.

    Returns:
        Its values, in the same shape and precision.

    Source: Abramowitz and Stegun, *Handbook of mathematical functions* (1964), 4.6.22.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        print(nde.nn.softplus(jnp.linspace(-2.0, 2.0, 5)))
        ```
    """
    # Both by one comparison, so that the slope at zero is a half.
    positive = x >= 0
    u = jnp.exp(jnp.where(positive, -x, x))
    s = u / (2 + u)
    square, terms = s * s, 8 if jnp.finfo(x.dtype).bits <= 32 else 17
    series = jnp.full_like(x, 1 / (2 * terms - 1))
    for n in range(terms - 2, -1, -1):
        series = series * square + 1 / (2 * n + 1)
    return jnp.where(positive, x, 0) + 2 * s * series
