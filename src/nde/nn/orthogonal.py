"""Orthogonal initialization of weights."""

from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

M = TypeVar("M")


def orthogonal_layers(module: M, *, gain: float = 1.0, key: PRNGKeyArray) -> M:
    """Reinitialize linear layers and convolutions with orthogonal weights and zero biases.

    An orthogonal layer stretches all directions equally, so neither states nor gradients vanish or explode through many
    layers, or through many evaluations of the same layers.

    Args:
        module: Any Equinox module.
        gain: The singular value of all weight matrices.
        key: A `jax.random` key for the weights.

    Returns:
        A copy of the module with new weights, in the precision of the old ones.

    Source: Saxe, McClelland and Ganguli, *Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks* (2014), doi:10.48550/arXiv.1312.6120.

    Example:
        ```python
        import jax
        import nde

        first, second = jax.random.split(jax.random.key(0))
        field = nde.nn.VectorFieldMLP(state_size=2, width=16, depth=1, key=first)
        print(nde.nn.orthogonal_layers(field, key=second).network.layers[0].weight)
        ```
    """
    leaves, structure = jax.tree.flatten(module, is_leaf=_is_layer)
    keys = jax.random.split(key, len(leaves))
    drawn = [_drawn(leaf, gain, k) if _is_layer(leaf) else leaf for leaf, k in zip(leaves, keys, strict=True)]
    return jax.tree.unflatten(structure, drawn)


def _is_layer(node: Any) -> bool:
    return isinstance(node, eqx.nn.Linear | eqx.nn.Conv)


def _drawn(layer: Any, gain: float, key: PRNGKeyArray) -> Any:
    """A convolution kernel counts as a matrix with one row for each output channel."""
    weight = layer.weight
    rows = jax.nn.initializers.orthogonal(gain)(key, (weight.shape[0], weight[0].size), weight.dtype)
    layer = eqx.tree_at(lambda l: l.weight, layer, rows.reshape(weight.shape))
    return layer if layer.bias is None else eqx.tree_at(lambda l: l.bias, layer, jnp.zeros_like(layer.bias))
