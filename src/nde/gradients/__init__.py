"""How a finished loop is differentiated."""

from nde.gradients.base import AbstractAdjoint
from nde.gradients.checkpoint import RecursiveCheckpointAdjoint
from nde.gradients.direct import DirectAdjoint
from nde.gradients.forward import ForwardMode
from nde.gradients.reversible import ReversibleAdjoint

__all__ = ["AbstractAdjoint", "DirectAdjoint", "ForwardMode", "RecursiveCheckpointAdjoint", "ReversibleAdjoint"]
