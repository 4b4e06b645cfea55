"""Very many paths of one equation: run in chunks on all devices, and summed up without keeping them."""

from nde.ensembles._ensemble import ensemble
from nde.ensembles.statistics import Ensemble

__all__ = ["Ensemble", "ensemble"]
