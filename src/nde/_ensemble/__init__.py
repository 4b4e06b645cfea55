"""Very many paths of one equation: run in chunks on all devices, and summed up without keeping them."""

from nde._ensemble.run import ensemble
from nde._ensemble.statistics import Ensemble

__all__ = ["Ensemble", "ensemble"]
