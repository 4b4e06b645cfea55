"""Casting of weights to the precision of the state."""

from typing import Any, TypeVar

import equinox as eqx
import jax
from jaxtyping import Array

M = TypeVar("M")


def precise_as(y: Array, module: M) -> M:
    """The module with its floating-point arrays cast to the dtype of `y`, so that its output has that dtype too."""

    def cast(leaf: Any) -> Any:
        return leaf.astype(y.dtype) if eqx.is_inexact_array(leaf) and leaf.dtype != y.dtype else leaf

    return jax.tree.map(cast, module)
