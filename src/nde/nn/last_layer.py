"""A network that begins small."""

from typing import Any, TypeVar

import equinox as eqx
import jax
from jaxtyping import Array

from nde.nn.concat_squash import ConcatSquash

M = TypeVar("M")


def scaled_last_layer(module: M, scale: float = 0.0) -> M:
    """A network with the weights and biases of its last layer multiplied.

    A vector field whose last layer is zero, or small, begins as a flow near the identity: nothing explodes, solves take
    few steps, and what stands beside it (a mechanism, a noise) rules until it has learned. Zero is no trap: the last
    layer itself has a gradient, and the others have one as soon as it moved.

    Args:
        module: Any Equinox module with linear layers, convolutions or `ConcatSquash`; the last in the order of its
            fields is what counts as last.
        scale: The factor.

    Returns:
        The module with that layer changed.

    Raises:
        ValueError: If there is no such layer.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        field = nde.nn.VectorFieldMLP(state_size=2, width=16, depth=1, key=jax.random.key(0))
        print(nde.nn.scaled_last_layer(field)(0.0, jnp.ones(2)))
        ```
    """
    places = [place for place, leaf in enumerate(_layers_of(module)) if _is_layer(leaf)]
    if not places:
        raise ValueError(
            f"Got a {type(module).__name__} without a layer to scale; wanted is a module with `eqx.nn.Linear`, "
            "`eqx.nn.Conv` or `nde.nn.ConcatSquash` in it."
        )
    return eqx.tree_at(lambda m: _layers_of(m)[places[-1]], module, replace_fn=lambda layer: _scaled(layer, scale))


def _is_layer(node: Any) -> bool:
    return isinstance(node, eqx.nn.Linear | eqx.nn.Conv | eqx.nn.ConvTranspose | ConcatSquash)


def _layers_of(module: Any) -> list[Any]:
    """The layers, and the leaves that are in none."""
    return jax.tree.leaves(module, is_leaf=_is_layer)


def _scaled(layer: Any, scale: float) -> Any:
    """What the layer's value is linear in, multiplied; the gate of a `ConcatSquash` is left as it is."""
    if isinstance(layer, ConcatSquash):
        parts = lambda l: (l.linear, l.shift)
        return eqx.tree_at(parts, layer, jax.tree.map(lambda x: _times(x, scale), parts(layer)))
    return jax.tree.map(lambda x: _times(x, scale), layer)


def _times(x: Any, scale: float) -> Any:
    return scale * x if isinstance(x, Array) else x
