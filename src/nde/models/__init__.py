"""Models of measurements: differential equations with things to learn."""

from nde.models.base import AbstractODEModel
from nde.models.hybrid import HybridODE
from nde.models.lotka_volterra import LotkaVolterra
from nde.models.neural_ode import NeuralODE
from nde.models.registry import MODELS
from nde.models.saving import load_model, save_model
from nde.models.scaling import Scaling

__all__ = [
    "MODELS",
    "AbstractODEModel",
    "HybridODE",
    "LotkaVolterra",
    "NeuralODE",
    "Scaling",
    "load_model",
    "save_model",
]
