"""Weights kept in a box, as a part of an optimizer."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, PyTree


def project_weights() -> optax.GradientTransformation:
    """Clips the entries of each matrix to at most one by the number of its columns, after every step.

    Then `|A x| <= |x|` in the maximum norm, so that layers with activations of slope at most one between them make a
    network that stretches nothing. It is the last of a chain: of an update `u` to weights `p` it makes `clip(p + u) -
    p`. Vectors, such as biases, are left alone.

    Returns:
        The transformation, which wants the weights.

    Source: Kidger, Foster, Li and Lyons, *Efficient and accurate gradients for neural SDEs* (2021), section 5,
    doi:10.48550/arXiv.2105.13493.

    Example:
        ```python
        import jax.numpy as jnp, optax
        from nde.train import project_weights

        optimizer, weights = optax.chain(optax.sgd(1.0), project_weights()), jnp.zeros((3, 2))
        updates, _ = optimizer.update(-jnp.ones((3, 2)), optimizer.init(weights), weights)
        print(optax.apply_updates(weights, updates))
        ```
    """

    def update(updates: PyTree[Any], state: Any, params: PyTree[Any] | None = None) -> tuple[PyTree[Any], Any]:
        if params is None:
            raise ValueError("`project_weights` got no weights; call `update(updates, state, weights)`.")
        return jax.tree.map(_projected, updates, params), state

    return optax.GradientTransformation(optax.init_empty_state, update)


def _projected(update: Array, weight: Array) -> Array:
    if weight.ndim != 2:
        return update
    most = 1 / weight.shape[1]
    return jnp.clip(weight + update, -most, most) - weight
