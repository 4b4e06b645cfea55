"""The drift of the posterior SDE."""

import abc

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from nde.nn import softplus


class AbstractContextDrift(eqx.Module):
    """Base class of drifts that depend on a state and a context.

    Example:
        ```python
        from nde.models import AbstractContextDrift, ContextDrift

        assert issubclass(ContextDrift, AbstractContextDrift)
        ```
    """

    @abc.abstractmethod
    def embed(self, context: Float[Array, " context"]) -> Float[Array, " embedding"]:
        """Compute what the drift needs from a context, once for all steps with the same context.

        Args:
            context: The context.
        """

    @abc.abstractmethod
    def __call__(self, state: Float[Array, " input"], embedding: Float[Array, " embedding"]) -> Float[Array, " state"]:
        """Return the drift.

        Args:
            state: The state, preceded by the time if the model uses time.
            embedding: The embedding of the context.
        """


class ContextDrift(AbstractContextDrift):
    """A softplus MLP of a state and a context, whose first layer is the sum of a product with each.

    Args:
        state_size: Size of the state, including time if the model uses it.
        context_size: Size of the context.
        output_size: Size of the drift.
        width: Width of the hidden layers.
        depth: Number of hidden layers.
        key: A key of `jax.random` for the weights.

    Attributes:
        of_state: The first layer's part for the state.
        of_context: The first layer's part for the context.
        rest: The layers after the first.

    Example:
        ```python
        import jax, jax.numpy as jnp
        from nde.models import ContextDrift

        drift = ContextDrift(state_size=2, context_size=3, output_size=2, width=8, depth=2, key=jax.random.key(0))
        print(drift(jnp.zeros(2), drift.embed(jnp.ones(3))))
        ```
    """

    of_state: eqx.nn.Linear
    of_context: eqx.nn.Linear
    rest: eqx.nn.MLP

    def __init__(
        self, state_size: int, context_size: int, output_size: int, width: int, depth: int, *, key: PRNGKeyArray
    ) -> None:
        keys = jax.random.split(key, 3)
        # Initialize like a single layer of both.
        size = state_size + context_size
        of_state = eqx.nn.Linear(state_size, width, key=keys[0])
        of_context = eqx.nn.Linear(context_size, width, use_bias=False, key=keys[1])
        self.of_state = jax.tree.map(lambda x: (state_size / size) ** 0.5 * x, of_state)
        self.of_context = jax.tree.map(lambda x: (context_size / size) ** 0.5 * x, of_context)
        self.rest = eqx.nn.MLP(width, output_size, width, depth - 1, softplus, key=keys[2])

    def embed(self, context: Float[Array, " context"]) -> Float[Array, " embedding"]:
        """Return the first layer's product with the context."""
        return self.of_context(context)

    def __call__(self, state: Float[Array, " input"], embedding: Float[Array, " embedding"]) -> Float[Array, " state"]:
        """Return the drift."""
        return self.rest(softplus(self.of_state(state) + embedding))
