"""How a finished loop is differentiated."""

from nde.gradients.backsolve import BacksolveAdjoint, InterpolatedAdjoint
from nde.gradients.base import AbstractAdjoint
from nde.gradients.checkpoint import RecursiveCheckpointAdjoint
from nde.gradients.direct import DirectAdjoint
from nde.gradients.forward import ForwardMode
from nde.gradients.implicit import ImplicitAdjoint
from nde.gradients.reversible import ReversibleAdjoint
from nde.gradients.seminorm import adjoint_rms_seminorm

__all__ = [
    "AbstractAdjoint",
    "BacksolveAdjoint",
    "DirectAdjoint",
    "ForwardMode",
    "ImplicitAdjoint",
    "InterpolatedAdjoint",
    "RecursiveCheckpointAdjoint",
    "ReversibleAdjoint",
    "adjoint_rms_seminorm",
]
