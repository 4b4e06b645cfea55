"""The drift of the posterior."""

import abc

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from nde.nn import softplus


class AbstractContextDrift(eqx.Module):
    """A drift that depends on a state and on a context.

    Example:
        ```python
        from nde.models import AbstractContextDrift, ContextDrift

        assert issubclass(ContextDrift, AbstractContextDrift)
        ```
    """

    @abc.abstractmethod
    def seen(self, context: Float[Array, " context"]) -> Float[Array, " seen"]:
        """What is made of a context once, for all steps in which it is the same.

        Args:
            context: The context.
        """

    @abc.abstractmethod
    def __call__(self, state: Float[Array, " input"], seen: Float[Array, " seen"]) -> Float[Array, " state"]:
        """The drift.

        Args:
            state: The state, with the time before it if the model sees that.
            seen: What was made of the context.
        """


class ContextDrift(AbstractContextDrift):
    """A perceptron with softplus of a state and a context; its first layer is the sum of a product with each.

    Args:
        state_size: Length of the state, with the time if that is seen.
        context_size: Length of the context.
        output_size: Length of the drift.
        width: Width of the hidden layers.
        depth: Number of hidden layers.
        key: Of `jax.random`, for the weights.

    Attributes:
        of_state: The first layer's part of the state.
        of_context: That of the context.
        rest: The layers behind the first.

    Example:
        ```python
        import jax, jax.numpy as jnp
        from nde.models import ContextDrift

        drift = ContextDrift(state_size=2, context_size=3, output_size=2, width=8, depth=2, key=jax.random.key(0))
        print(drift(jnp.zeros(2), drift.seen(jnp.ones(3))))
        ```
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

    def seen(self, context: Float[Array, " context"]) -> Float[Array, " seen"]:
        """The first layer's product with the context."""
        return self.of_context(context)

    def __call__(self, state: Float[Array, " input"], seen: Float[Array, " seen"]) -> Float[Array, " state"]:
        """The drift."""
        return self.rest(softplus(self.of_state(state) + seen))
