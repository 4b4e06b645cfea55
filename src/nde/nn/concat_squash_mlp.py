"""A multilayer perceptron of time-dependent layers."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.types import Args, RealScalar
from nde.nn.concat_squash import ConcatSquash


class ConcatSquashMLP(eqx.Module):
    """Vector field whose every layer depends on time: a multilayer perceptron of `ConcatSquash` layers.

    Args:
        state_size: Length of the state.
        width: Width of the hidden layers.
        depth: Number of hidden layers.
        args_size: Length of the vector `args` that is concatenated to the state; 0 for none.
        activation: Activation after each hidden layer; the last layer has none.
        key: A `jax.random` key for the weights.

    Attributes:
        layers: The layers.
        activation: The activation between layers.

    Source: Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, *FFJORD: Free-form continuous dynamics for scalable
    reversible generative models* (2019), doi:10.48550/arXiv.1810.01367.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        field = nde.nn.ConcatSquashMLP(state_size=2, width=16, depth=2, key=jax.random.key(0))
        print(nde.odeint(field, jnp.ones(2), jnp.linspace(0.0, 1.0, 3)))
        ```
    """

    layers: tuple[ConcatSquash, ...]
    activation: Callable[[Array], Array] = eqx.field(static=True)
    args_size: int = eqx.field(static=True)

    def __init__(
        self,
        state_size: int,
        width: int,
        depth: int,
        *,
        args_size: int = 0,
        activation: Callable[[Array], Array] = jnp.tanh,
        key: PRNGKeyArray,
    ) -> None:
        sizes, keys = (state_size + args_size, *[width] * depth, state_size), jax.random.split(key, depth + 1)
        pairs = zip(sizes[:-1], sizes[1:], keys, strict=True)
        self.layers = tuple(ConcatSquash(before, after, key=k) for before, after, k in pairs)
        self.activation, self.args_size = activation, args_size

    def __call__(self, t: RealScalar, y: Float[Array, " state"], args: Args = None) -> Float[Array, " state"]:
        """Evaluate the vector field, in the precision of the state.

        Args:
            t: The time.
            y: The state.
            args: A vector of length `args_size`; not used if `args_size` is 0.
        """
        if self.args_size:
            y = jnp.concatenate([y, jnp.asarray(args, y.dtype)])
        *hidden, last = self.layers
        for layer in hidden:
            y = self.activation(layer(t, y))
        return last(t, y)
