"""All models by name."""

from nde.models.base import AbstractODEModel
from nde.models.hybrid import HybridODE
from nde.models.lotka_volterra import LotkaVolterra
from nde.models.neural_ode import NeuralODE

MODELS: dict[str, type[AbstractODEModel]] = {model.key: model for model in (LotkaVolterra, HybridODE, NeuralODE)}
"""From the name on the command line to the class."""
