"""A vector field with a gate."""

import equinox as eqx
import jax
from jaxtyping import Array, Float

from nde.core.types import Args, RealScalar, VectorField


class Gated(eqx.Module):
    """A vector field times a gate between zero and one: `dy/dt = sigmoid(gate(t, y)) * field(t, y)`.

    Where the gate is shut a component of the state is held; its memory of what came before is then as long as the
    solve.

    Attributes:
        gate: A vector field whose values are those of the gate before the sigmoid.
        field: The vector field.

    Source: Jozefowicz, Zaremba and Sutskever, *An empirical exploration of recurrent network architectures* (2015),
    for what gates do; Kidger, *On neural differential equations* (2022), doi:10.48550/arXiv.2202.02435.

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
        """The value at a time and state.

        Args:
            t: The time.
            y: The state.
            args: Handed to both.
        """
        return jax.nn.sigmoid(self.gate(t, y, args)) * self.field(t, y, args)
