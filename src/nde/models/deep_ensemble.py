"""Models that differ in their random weights, side by side."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, PRNGKeyArray

from nde.core.compiled import compiled


class DeepEnsemble(eqx.Module):
    """Several models of one kind, each from random weights of its own.

    Their mean is better than each of them, most where data are few. They are trained together: a sum of their losses
    has for each the gradient that it would have alone.

    Args:
        make: Makes a model of a key.
        members: How many.
        key: Of `jax.random`.

    Attributes:
        models: One model, each of whose arrays has a leading axis for the members.
        members: How many there are.

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
            raise ValueError(f"`DeepEnsemble` got {members} members; it wants one or more.")
        self.models = eqx.filter_vmap(make)(jax.random.split(key, members))
        self.members = members

    def each(self, of_model: Callable[[Any], Array]) -> Array:
        """What a function says of each model, along a leading axis for the members."""
        return eqx.filter_vmap(of_model)(self.models)

    @compiled(solves=True)
    def __call__(self, *args: Any) -> Array:
        """What each model says, along a leading axis for the members."""
        return self.each(lambda model: model(*args))
