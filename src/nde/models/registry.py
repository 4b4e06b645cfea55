"""All models by name."""

from nde.models.base import AbstractODEModel
from nde.models.geometric import GeometricBrownianMotion
from nde.models.hybrid import HybridODE
from nde.models.lotka_volterra import LotkaVolterra
from nde.models.neural_ode import NeuralODE
from nde.models.neural_sde import NeuralSDE
from nde.models.ornstein_uhlenbeck import OrnsteinUhlenbeck
from nde.models.stochastic import AbstractSDEModel

MODELS: dict[str, type[AbstractODEModel]] = {model.key: model for model in (LotkaVolterra, HybridODE, NeuralODE)}
"""From the name on the command line to the class."""

SDE_MODELS: dict[str, type[AbstractSDEModel]] = {
    model.key: model for model in (OrnsteinUhlenbeck, GeometricBrownianMotion, NeuralSDE)
}
"""The same for models with noise."""
