"""Deep equilibrium models: networks whose state is a fixed point."""

from nde.models.equilibrium._jacobian_regularization import jacobian_regularization
from nde.models.equilibrium._spectral_radius import spectral_radius
from nde.models.equilibrium.base import AbstractEquilibriumModel
from nde.models.equilibrium.deq import DEQ
from nde.models.equilibrium.image_deq import ImageDEQ
from nde.models.equilibrium.injected_map import InjectedMap
from nde.models.equilibrium.monotone import AbstractSplitting, ForwardBackward, PeacemanRachford
from nde.models.equilibrium.monotone_deq import MonotoneDEQ
from nde.models.equilibrium.sequence_deq import SequenceDEQ
from nde.models.equilibrium.vector_deq import VectorDEQ

__all__ = [
    "DEQ",
    "AbstractEquilibriumModel",
    "AbstractSplitting",
    "ForwardBackward",
    "ImageDEQ",
    "InjectedMap",
    "MonotoneDEQ",
    "PeacemanRachford",
    "SequenceDEQ",
    "VectorDEQ",
    "jacobian_regularization",
    "spectral_radius",
]
