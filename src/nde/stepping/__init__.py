"""How large the next step is."""

from nde.stepping.base import (
    AbstractAdaptiveStepSizeController,
    AbstractStepSizeController,
    Plan,
    Span,
    StepDecision,
    StepTrial,
    span,
)
from nde.stepping.clip import ClipStepSizeController
from nde.stepping.constant import ConstantStepSize
from nde.stepping.pid import PIDController
from nde.stepping.step_to import StepTo

__all__ = [
    "AbstractAdaptiveStepSizeController",
    "AbstractStepSizeController",
    "ClipStepSizeController",
    "ConstantStepSize",
    "PIDController",
    "Plan",
    "Span",
    "StepDecision",
    "StepTo",
    "StepTrial",
    "span",
]
