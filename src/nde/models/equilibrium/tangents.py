"""Products with the Jacobian of an equilibrium layer."""

from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import PRNGKeyArray, PyTree

from nde.models.equilibrium.deq import EquilibriumMap


def tangent_map(
    f: EquilibriumMap, z: PyTree[Any], x: PyTree[Any], batched: bool
) -> Callable[[PyTree[Any]], PyTree[Any]]:
    """The product of the Jacobian of `f` to its state with a vector."""
    f = jax.vmap(f) if batched else f
    return jax.linearize(lambda z: f(z, x), z)[1]


def directions(z: PyTree[Any], key: PRNGKeyArray) -> PyTree[Any]:
    """Normal numbers, shaped as a state."""
    leaves, structure = jax.tree.flatten(z)
    keys = jax.random.split(key, len(leaves))
    drawn = [jax.random.normal(k, leaf.shape, leaf.dtype) for k, leaf in zip(keys, leaves, strict=True)]
    return jax.tree.unflatten(structure, drawn)
