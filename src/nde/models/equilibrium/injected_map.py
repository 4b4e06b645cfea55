"""The usual map of a deep equilibrium layer."""

from collections.abc import Callable

import equinox as eqx
from jaxtyping import Array, Float


class InjectedMap(eqx.Module):
    """The map `z -> activation(linear(z) + u)`, where the input `u` is injected in each iteration.

    Attributes:
        linear: A linear layer or convolution, or any module from states to states.
        activation: The activation.

    Example:
        ```python
        import equinox as eqx
        import jax
        import jax.numpy as jnp
        import nde

        f = nde.models.InjectedMap(eqx.nn.Linear(3, 3, key=jax.random.key(0)), jnp.tanh)
        print(f(jnp.zeros(3), jnp.ones(3)))
        ```
    """

    linear: Callable[[Array], Array]
    activation: Callable[[Array], Array] = eqx.field(static=True)

    def __call__(self, z: Float[Array, "*state"], u: Float[Array, "*state"]) -> Float[Array, "*state"]:
        """Apply the map.

        Args:
            z: The state.
            u: What is injected, shaped as the state.
        """
        return self.activation(self.linear(z) + u)
