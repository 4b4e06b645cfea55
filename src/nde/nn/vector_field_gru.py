"""A gated recurrent unit in continuous time."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.types import Args, RealScalar
from nde.nn.precision import precise_as


class VectorFieldGRU(eqx.Module):
    """Continuous-time gated recurrent unit (GRU) without input: `dy/dt = (1 - z) * (g - y)`.

    Here `r = sigmoid(W_r y + b_r)`, `z = sigmoid(W_z y + b_z)` and `g = tanh(W_g (r * y) + b_g)`. It is the limit of a
    discrete GRU for small steps. States that start between -1 and 1 stay there, and the vector field is Lipschitz, so
    solutions do not diverge for any choice of weights.

    Args:
        state_size: Length of the state.
        key: A `jax.random` key for the weights.

    Attributes:
        reset: `W_r` and `b_r`.
        update: `W_z` and `b_z`.
        candidate: `W_g` and `b_g`.

    Source: De Brouwer, Simm, Arany and Moreau, *GRU-ODE-Bayes: Continuous modeling of sporadically-observed time
    series* (2019), doi:10.48550/arXiv.1905.12374.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        field = nde.nn.VectorFieldGRU(state_size=4, key=jax.random.key(0))
        print(nde.odeint(field, jnp.zeros(4), jnp.linspace(0.0, 10.0, 3)))
        ```
    """

    reset: eqx.nn.Linear
    update: eqx.nn.Linear
    candidate: eqx.nn.Linear

    def __init__(self, state_size: int, *, key: PRNGKeyArray) -> None:
        keys = jax.random.split(key, 3)
        self.reset, self.update, self.candidate = (eqx.nn.Linear(state_size, state_size, key=k) for k in keys)

    def __call__(self, t: RealScalar, y: Float[Array, " state"], args: Args = None) -> Float[Array, " state"]:
        """Evaluate the vector field, in the precision of the state.

        Args:
            t: Not used.
            y: The state.
            args: Not used.
        """
        del t, args
        reset, update, candidate = precise_as(y, (self.reset, self.update, self.candidate))
        z = jax.nn.sigmoid(update(y))
        g = jnp.tanh(candidate(jax.nn.sigmoid(reset(y)) * y))
        return (1 - z) * (g - y)
