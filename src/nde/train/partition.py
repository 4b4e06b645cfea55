"""Split a model into trainable weights and everything else."""

from typing import Any

import equinox as eqx
import jax

from nde.gradients import AbstractAdjoint
from nde.stepping import AbstractStepSizeController

_SETTINGS = (AbstractStepSizeController, AbstractAdjoint)


def partition_weights(model: Any) -> tuple[Any, Any]:
    """Split a model into its trainable floating-point arrays and the rest, each with `None` in place of the other.

    Step size controllers and adjoints are settings, so their arrays are not trained: the times of a `StepTo`, for
    example.
    """

    def is_weight(node: Any) -> bool:
        return not isinstance(node, _SETTINGS) and eqx.is_inexact_array(node)

    return eqx.partition(model, jax.tree.map(is_weight, model, is_leaf=lambda node: isinstance(node, _SETTINGS)))
