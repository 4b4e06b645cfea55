"""What of a model is learned."""

from typing import Any

import equinox as eqx
import jax

from nde.gradients import AbstractAdjoint
from nde.stepping import AbstractStepSizeController

_SETTINGS = (AbstractStepSizeController, AbstractAdjoint)


def weights_and_rest(model: Any) -> tuple[Any, Any]:
    """The floating-point arrays of a model that are learned, and what is not; `None` in place of the other.

    How a model chooses its steps, and how solves are differentiated, are settings: the times of a `StepTo` are no
    weights.
    """

    def is_learned(node: Any) -> bool:
        return not isinstance(node, _SETTINGS) and eqx.is_inexact_array(node)

    return eqx.partition(model, jax.tree.map(is_learned, model, is_leaf=lambda node: isinstance(node, _SETTINGS)))
