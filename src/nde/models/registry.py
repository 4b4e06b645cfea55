"""All models that have a name on the command line."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx

from nde.models.adversarial import SDEGAN, NeuralSDEGenerator
from nde.models.base import AbstractODEModel
from nde.models.equilibrium import VectorDEQ
from nde.models.geometric import GeometricBrownianMotion
from nde.models.hybrid_lotka_volterra import HybridLotkaVolterra
from nde.models.latent import AbstractEncoder, GRUEncoder, ODERNNEncoder
from nde.models.latent_sde import LatentSDE
from nde.models.lotka_volterra import LotkaVolterra
from nde.models.neural_cde import NeuralCDE
from nde.models.neural_rde import NeuralRDE
from nde.models.neural_sde import NeuralSDE
from nde.models.neural_trajectory import NeuralTrajectory
from nde.models.ornstein_uhlenbeck import OrnsteinUhlenbeck
from nde.models.recurrent import GRUD, ODERNN, GRUDeltaT
from nde.models.stochastic import AbstractSDEModel

MODELS: dict[str, type[AbstractODEModel]] = {
    model.key: model for model in (LotkaVolterra, HybridLotkaVolterra, NeuralTrajectory)
}
"""Ordinary differential equations of one table, by name."""

SDE_MODELS: dict[str, type[AbstractSDEModel]] = {
    model.key: model for model in (OrnsteinUhlenbeck, GeometricBrownianMotion, NeuralSDE)
}
"""Stochastic differential equations of one table, or of series like it, by name."""

_RENAMED = {"neural-ode": NeuralTrajectory.key}
"""Earlier names, which stay valid."""


@dataclasses.dataclass(frozen=True)
class SeriesModel:
    """A model that reads a series and returns a vector.

    Attributes:
        kind: The class.
        sizes: The sizes that it takes beside those of its input, state and output.
    """

    kind: Callable[..., Any]
    sizes: tuple[str, ...] = ()

    def make(self, sizes: dict[str, int], **arguments: Any) -> Any:
        """Make a model of random weights.

        Args:
            sizes: Sizes by name; those that the model does not take are left out.
            arguments: What all such models take.
        """
        return self.kind(**arguments, **{name: sizes[name] for name in self.sizes if name in sizes})


_VECTOR_FIELD = ("width", "depth")
SERIES_MODELS: dict[str, SeriesModel] = {
    "neural-cde": SeriesModel(NeuralCDE, (*_VECTOR_FIELD, "rank")),
    "neural-rde": SeriesModel(NeuralRDE, (*_VECTOR_FIELD, "window", "rank")),
    "gru-dt": SeriesModel(GRUDeltaT),
    "gru-d": SeriesModel(GRUD),
    "ode-rnn": SeriesModel(ODERNN, _VECTOR_FIELD),
}
"""Models that read a series and return a vector, by name; the first is the default."""

ENCODERS: dict[str, Callable[..., AbstractEncoder]] = {"gru": GRUEncoder, "ode-rnn": ODERNNEncoder}
"""Encoders of a `LatentODE`, by name."""

LATENT_MODELS: dict[str, str] = {"latent-ode": "gru", "latent-ode-rnn": "ode-rnn"}
"""The encoder of each kind of `LatentODE`, by the name of that; the first is the default."""

GENERATORS: dict[str, type[eqx.Module]] = {
    "latent-sde": LatentSDE,
    "sde-gan": SDEGAN,
    "signature-mmd": NeuralSDEGenerator,
}
"""Models that generate series, by the name of the model and its training; the first is the default."""


ROW_MODELS: dict[str, type[eqx.Module]] = {"deq": VectorDEQ}
"""Models of rows without times, by name; the first is the default."""


def current_name(name: str) -> str:
    """The name of a model today, if it was renamed."""
    return _RENAMED.get(name, name)
