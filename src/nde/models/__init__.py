"""Models that learn from data: neural ODEs, CDEs, SDEs, normalizing flows and recurrent networks."""

from nde.core.extras import require_for_room

require_for_room("models")

from nde.models.adversarial import (
    SDEGAN,
    NeuralCDEDiscriminator,
    NeuralSDEGenerator,
    SignatureMMDLoss,
    WassersteinLoss,
)
from nde.models.augmented_neural_ode import AugmentedNeuralODE
from nde.models.base import AbstractODEModel
from nde.models.deep_ensemble import DeepEnsemble
from nde.models.equilibrium import (
    DEQ,
    AbstractEquilibriumModel,
    AbstractSplitting,
    ForwardBackward,
    ImageDEQ,
    InjectedMap,
    MonotoneDEQ,
    PeacemanRachford,
    SequenceDEQ,
    VectorDEQ,
    jacobian_regularization,
    spectral_radius,
)
from nde.models.geometric import GeometricBrownianMotion
from nde.models.hybrid_lotka_volterra import HybridLotkaVolterra
from nde.models.hybrid_ode import HybridODE
from nde.models.hypersolvers import HypersolverFit, HypersolverReport, SolverError, fit_hypersolver
from nde.models.latent import AbstractEncoder, GRUEncoder, LatentODE, ODERNNEncoder, Posterior
from nde.models.latent_sde import (
    ELBO,
    AbstractContextDrift,
    AbstractContextEncoder,
    AbstractLikelihood,
    CDEContext,
    ComponentDiffusion,
    ContextDrift,
    ELBOTerms,
    GaussianLikelihood,
    GRUContext,
    LaplaceLikelihood,
    LatentSDE,
)
from nde.models.lotka_volterra import LotkaVolterra
from nde.models.neural_cde import NeuralCDE
from nde.models.neural_ode import NeuralODE
from nde.models.neural_rde import NeuralRDE
from nde.models.neural_sde import NeuralSDE
from nde.models.neural_trajectory import NeuralTrajectory
from nde.models.normalizing import (
    AbstractTrace,
    ContinuousFlow,
    Encoded,
    ExactTrace,
    FlowLikelihood,
    FlowMatching,
    HutchinsonTrace,
)
from nde.models.ornstein_uhlenbeck import OrnsteinUhlenbeck
from nde.models.random_walk import RandomWalk
from nde.models.recurrent import GRUD, ODERNN, GRUDeltaT
from nde.models.registry import MODELS, SDE_MODELS
from nde.models.saving import load_model, save_model
from nde.models.scaling import Scaling
from nde.models.second_order_neural_ode import SecondOrderNeuralODE
from nde.models.stochastic import AbstractSDEModel
from nde.models.structural import StructuralFit, StructuralSDE, fit_structural

__all__ = [
    "DEQ",
    "ELBO",
    "GRUD",
    "MODELS",
    "ODERNN",
    "SDEGAN",
    "SDE_MODELS",
    "AbstractContextDrift",
    "AbstractContextEncoder",
    "AbstractEncoder",
    "AbstractEquilibriumModel",
    "AbstractLikelihood",
    "AbstractODEModel",
    "AbstractSDEModel",
    "AbstractSplitting",
    "AbstractTrace",
    "AugmentedNeuralODE",
    "CDEContext",
    "ComponentDiffusion",
    "ContextDrift",
    "ContinuousFlow",
    "DeepEnsemble",
    "ELBOTerms",
    "Encoded",
    "ExactTrace",
    "FlowLikelihood",
    "FlowMatching",
    "ForwardBackward",
    "GRUContext",
    "GRUDeltaT",
    "GRUEncoder",
    "GaussianLikelihood",
    "GeometricBrownianMotion",
    "HutchinsonTrace",
    "HybridLotkaVolterra",
    "HybridODE",
    "HypersolverFit",
    "HypersolverReport",
    "ImageDEQ",
    "InjectedMap",
    "LaplaceLikelihood",
    "LatentODE",
    "LatentSDE",
    "LotkaVolterra",
    "MonotoneDEQ",
    "NeuralCDE",
    "NeuralCDEDiscriminator",
    "NeuralODE",
    "NeuralRDE",
    "NeuralSDE",
    "NeuralSDEGenerator",
    "NeuralTrajectory",
    "ODERNNEncoder",
    "OrnsteinUhlenbeck",
    "PeacemanRachford",
    "Posterior",
    "RandomWalk",
    "Scaling",
    "SecondOrderNeuralODE",
    "SequenceDEQ",
    "SignatureMMDLoss",
    "SolverError",
    "StructuralFit",
    "StructuralSDE",
    "VectorDEQ",
    "WassersteinLoss",
    "fit_hypersolver",
    "fit_structural",
    "jacobian_regularization",
    "load_model",
    "save_model",
    "spectral_radius",
]
