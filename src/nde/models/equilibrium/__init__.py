"""Deep equilibrium models: networks whose state is a fixed point."""

from nde.models.equilibrium.base import AbstractEquilibriumModel
from nde.models.equilibrium.deq import DEQ
from nde.models.equilibrium.injected_map import InjectedMap
from nde.models.equilibrium.vector_deq import VectorDEQ

__all__ = ["DEQ", "AbstractEquilibriumModel", "InjectedMap", "VectorDEQ"]
