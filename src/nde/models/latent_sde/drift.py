"""The drift of the posterior."""

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from nde.nn import softplus


class ContextDrift(eqx.Module):
    """A perceptron of a state and a context, whose first layer is the sum of a product with each.

    The product with the context does not depend on the state: it is made once for each row, not in each step.

    Attributes:
        of_state: The first layer's part of the state.
        of_context: That of the context.
        rest: The layers behind the first.
    """

    of_state: eqx.nn.Linear
    of_context: eqx.nn.Linear
    rest: eqx.nn.MLP

    def __init__(
        self, state_size: int, context_size: int, output_size: int, width: int, depth: int, *, key: PRNGKeyArray
    ) -> None:
        keys = jax.random.split(key, 3)
        # As one layer of both begins.
        size = state_size + context_size
        of_state = eqx.nn.Linear(state_size, width, key=keys[0])
        of_context = eqx.nn.Linear(context_size, width, use_bias=False, key=keys[1])
        self.of_state = jax.tree.map(lambda x: (state_size / size) ** 0.5 * x, of_state)
        self.of_context = jax.tree.map(lambda x: (context_size / size) ** 0.5 * x, of_context)
        self.rest = eqx.nn.MLP(width, output_size, width, depth - 1, softplus, key=keys[2])

    def seen(self, context: Float[Array, " context"]) -> Float[Array, " width"]:
        """What the first layer makes of a context."""
        return self.of_context(context)

    def __call__(self, state: Float[Array, " state"], seen: Float[Array, " width"]) -> Float[Array, " output"]:
        """The drift at a state, and at what was seen of a context."""
        return self.rest(softplus(self.of_state(state) + seen))
