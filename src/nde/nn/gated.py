"""A gated vector field."""

import equinox as eqx
import jax
from jaxtyping import Array, Float

from nde.core.types import Args, RealScalar, VectorField


class Gated(eqx.Module):
    """Vector field multiplied by a gate between zero and one: `dy/dt = sigmoid(gate(t, y)) * field(t, y)`.

    Where the gate is closed, a component of the state does not change, so it can remember for as long as the solve
    lasts.

    Attributes:
        gate: A vector field that returns the gate before the sigmoid.
        field: The vector field that is gated.

    Source: Jozefowicz, Zaremba and Sutskever, *An empirical exploration of recurrent network architectures* (2015),
    on gating; Kidger, *On neural differential equations* (2022), doi:10.48550/arXiv.2202.02435.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        keys = jax.random.split(jax.random.key(0))
        gate, field = (nde.nn.VectorFieldMLP(2, width=16, depth=1, key=key) for key in keys)
        print(nde.odeint(nde.nn.Gated(gate, field), jnp.ones(2), jnp.linspace(0.0, 1.0, 3)))
        ```
    """

    gate: VectorField
    field: VectorField

    def __call__(self, t: RealScalar, y: Float[Array, "..."], args: Args = None) -> Float[Array, "..."]:
        """Evaluate the vector field.

        Args:
            t: The time.
            y: The state.
            args: Passed to both the gate and the field.
        """
        return jax.nn.sigmoid(self.gate(t, y, args)) * self.field(t, y, args)
