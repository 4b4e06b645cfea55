"""A linear layer with a time-dependent gate and shift."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.types import RealScalar
from nde.nn.precision import precise_as


class ConcatSquash(eqx.Module):
    """Linear layer with a time-dependent gate and shift: `(W x + b) * sigmoid(u t + c) + v t`.

    Args:
        in_size: Length of the input.
        out_size: Length of the output.
        key: A `jax.random` key for the weights.

    Attributes:
        linear: `W` and `b`.
        gate: `u` and `c`, a linear layer applied to the time.
        shift: `v`, of shape `(out_size,)`.

    Source: Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, *FFJORD: Free-form continuous dynamics for scalable
    reversible generative models* (2019), doi:10.48550/arXiv.1810.01367.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        layer = nde.nn.ConcatSquash(2, 5, key=jax.random.key(0))
        print(layer(0.5, jnp.ones(2)))
        ```
    """

    linear: eqx.nn.Linear
    gate: eqx.nn.Linear
    shift: Float[Array, " out"]

    def __init__(self, in_size: int, out_size: int, *, key: PRNGKeyArray) -> None:
        for_linear, for_gate, for_shift = jax.random.split(key, 3)
        self.linear = eqx.nn.Linear(in_size, out_size, key=for_linear)
        self.gate = eqx.nn.Linear("scalar", out_size, key=for_gate)
        self.shift = jax.random.uniform(for_shift, (out_size,), minval=-1.0, maxval=1.0)

    def __call__(self, t: RealScalar, x: Float[Array, " in"]) -> Float[Array, " out"]:
        """Apply the layer, in the precision of its input.

        Args:
            t: The time.
            x: The input.
        """
        linear, gate, shift = precise_as(x, (self.linear, self.gate, self.shift))
        time = jnp.asarray(t, x.dtype)
        return linear(x) * jax.nn.sigmoid(gate(time)) + shift * time
