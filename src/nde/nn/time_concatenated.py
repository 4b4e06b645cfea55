"""Time as an additional input of a network."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.core.types import Args, RealScalar
from nde.nn.precision import precise_as


class TimeConcatenated(eqx.Module):
    """Time-dependent vector field from any network: `dy/dt = network([t, y])`.

    The time is concatenated in front: before the entries of a vector, or as the first channel of an image.

    Attributes:
        network: A function of an array of shape `(size + 1, ...)` that returns the derivative of the state.

    Example:
        ```python
        import equinox as eqx
        import jax
        import jax.numpy as jnp
        import nde

        field = nde.nn.TimeConcatenated(eqx.nn.MLP(3, 2, width_size=16, depth=1, key=jax.random.key(0)))
        print(nde.odeint(field, jnp.ones(2), jnp.linspace(0.0, 1.0, 3)))
        ```
    """

    network: Callable[[Array], Array]

    def __call__(self, t: RealScalar, y: Float[Array, "size ..."], args: Args = None) -> Float[Array, "..."]:
        """Evaluate the vector field, in the precision of the state.

        Args:
            t: The time.
            y: The state.
            args: Not used.
        """
        del args
        return precise_as(y, self.network)(with_time(t, y))


def with_time(t: RealScalar, y: Float[Array, "size *rest"]) -> Float[Array, "larger *rest"]:
    """Prepend the time along the first axis."""
    return jnp.concatenate([jnp.full((1, *y.shape[1:]), t, y.dtype), y])
