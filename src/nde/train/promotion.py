"""Optimizers where JAX promotes nothing unasked."""

from typing import Any

import jax
import optax
from jaxtyping import PyTree


def promoting(optimizer: optax.GradientTransformation) -> optax.GradientTransformationExtraArgs:
    """The optimizer, computed by JAX's standard rules of promotion, which the arithmetic of Optax wants.

    A count of steps is an integer there that is multiplied by rates.
    """
    plain = optax.with_extra_args_support(optimizer)

    def init(params: PyTree[Any]) -> PyTree[Any]:
        with jax.numpy_dtype_promotion("standard"):
            return plain.init(params)

    def update(
        updates: PyTree[Any], state: PyTree[Any], params: PyTree[Any] | None = None, **extra: Any
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        with jax.numpy_dtype_promotion("standard"):
            return plain.update(updates, state, params, **extra)

    return optax.GradientTransformationExtraArgs(init, update)
