"""All models by name."""

from nde.models.base import AbstractODEModel
from nde.models.geometric import GeometricBrownianMotion
from nde.models.hybrid_lotka_volterra import HybridLotkaVolterra
from nde.models.lotka_volterra import LotkaVolterra
from nde.models.neural_sde import NeuralSDE
from nde.models.neural_trajectory import NeuralTrajectory
from nde.models.ornstein_uhlenbeck import OrnsteinUhlenbeck
from nde.models.stochastic import AbstractSDEModel

MODELS: dict[str, type[AbstractODEModel]] = {
    model.key: model for model in (LotkaVolterra, HybridLotkaVolterra, NeuralTrajectory)
}
"""From the name on the command line to the class."""

SDE_MODELS: dict[str, type[AbstractSDEModel]] = {
    model.key: model for model in (OrnsteinUhlenbeck, GeometricBrownianMotion, NeuralSDE)
}
"""The same for models with noise."""
