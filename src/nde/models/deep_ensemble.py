"""Ensembles of models with different random weights."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, PRNGKeyArray

from nde.core.compiled import compiled


class DeepEnsemble(eqx.Module):
    """An ensemble of models of the same kind, with independent random weights.

    The mean of the members predicts better than each of them, especially with few data. The members are trained
    together: in the sum of their losses, each has the gradient that it would have alone.

    Args:
        make: A function from a key to a model.
        members: The number of members.
        key: A key of `jax.random`.

    Attributes:
        models: The members, as one model whose arrays have a leading axis of members.
        members: The number of members.

    Source: Lakshminarayanan, Pritzel and Blundell, *Simple and scalable predictive uncertainty estimation using deep
    ensembles* (2017), doi:10.48550/arXiv.1612.01474.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        from nde.models import DeepEnsemble, NeuralCDE

        model = DeepEnsemble(lambda key: NeuralCDE(1, 8, 3, key=key), members=4, key=jax.random.key(0))
        print(model(jnp.array([0.0, 1.0]), jnp.array([[2.0], [5.0]])).shape)
        ```
    """

    models: Any
    members: int = eqx.field(static=True)

    def __init__(self, make: Callable[[PRNGKeyArray], Any], members: int, *, key: PRNGKeyArray) -> None:
        if members < 1:
            raise ValueError(f"members must be at least 1; got {members}.")
        self.models = eqx.filter_vmap(make)(jax.random.split(key, members))
        self.members = members

    def each(self, of_model: Callable[[Any], Array]) -> Array:
        """Apply a function to each member, and stack the results along a leading axis."""
        return eqx.filter_vmap(of_model)(self.models)

    @compiled(solves=True)
    def __call__(self, *args: Any) -> Array:
        """Call each member, and stack the results along a leading axis."""
        return self.each(lambda model: model(*args))
