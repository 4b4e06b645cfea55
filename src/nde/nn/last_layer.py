"""Networks that are small at initialization."""

from typing import Any, TypeVar

import equinox as eqx
import jax
from jaxtyping import Array

from nde.nn.concat_squash import ConcatSquash

M = TypeVar("M")


def scaled_last_layer(module: M, scale: float = 0.0) -> M:
    """Multiply the weights and biases of a network's last layer by a factor.

    A vector field whose last layer is zero or small starts as a flow close to the identity: solves do not diverge, take
    few steps, and are dominated by the other terms of the equation (a mechanistic model, noise) until the network has
    learned. Training is not stuck at zero: the last layer has a nonzero gradient at once, and the other layers have one
    after the first step.

    Args:
        module: Any Equinox module with linear layers, convolutions or `ConcatSquash` layers. The last one in the order
            of the module's fields is scaled.
        scale: The factor; 0 by default.

    Returns:
        A copy of the module with that layer scaled.

    Raises:
        ValueError: If the module has no such layer.

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
            f"Got a {type(module).__name__} with no layer to scale; expected a module that contains `eqx.nn.Linear`, "
            "`eqx.nn.Conv` or `nde.nn.ConcatSquash`."
        )
    return eqx.tree_at(lambda m: _layers_of(m)[places[-1]], module, replace_fn=lambda layer: _scaled(layer, scale))


def _is_layer(node: Any) -> bool:
    return isinstance(node, eqx.nn.Linear | eqx.nn.Conv | eqx.nn.ConvTranspose | ConcatSquash)


def _layers_of(module: Any) -> list[Any]:
    """The layers, and the leaves outside any layer."""
    return jax.tree.leaves(module, is_leaf=_is_layer)


def _scaled(layer: Any, scale: float) -> Any:
    """The layer with its linear parameters scaled; the gate of a `ConcatSquash` is unchanged."""
    if isinstance(layer, ConcatSquash):
        parts = lambda l: (l.linear, l.shift)
        return eqx.tree_at(parts, layer, jax.tree.map(lambda x: _times(x, scale), parts(layer)))
    return jax.tree.map(lambda x: _times(x, scale), layer)


def _times(x: Any, scale: float) -> Any:
    return scale * x if isinstance(x, Array) else x
