"""Series as noisy observations of a state that follows an equation with noise."""

from nde.models.latent_sde.context import AbstractContextEncoder, CDEContext, GRUContext
from nde.models.latent_sde.diffusion import ComponentDiffusion
from nde.models.latent_sde.drift import AbstractContextDrift, ContextDrift
from nde.models.latent_sde.elbo import ELBO
from nde.models.latent_sde.latent_sde import LatentSDE
from nde.models.latent_sde.likelihood import AbstractLikelihood, GaussianLikelihood, LaplaceLikelihood
from nde.models.latent_sde.parts import Bound

__all__ = [
    "ELBO",
    "AbstractContextDrift",
    "AbstractContextEncoder",
    "AbstractLikelihood",
    "Bound",
    "CDEContext",
    "ComponentDiffusion",
    "ContextDrift",
    "GRUContext",
    "GaussianLikelihood",
    "LaplaceLikelihood",
    "LatentSDE",
]
