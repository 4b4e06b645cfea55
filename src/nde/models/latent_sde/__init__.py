"""Latent SDEs: time series as noisy observations of a latent SDE."""

from nde.models.latent_sde.context import AbstractContextEncoder, CDEContext, GRUContext
from nde.models.latent_sde.diffusion import ComponentDiffusion
from nde.models.latent_sde.drift import AbstractContextDrift, ContextDrift
from nde.models.latent_sde.elbo import ELBO
from nde.models.latent_sde.elbo_terms import ELBOTerms
from nde.models.latent_sde.latent_sde import LatentSDE
from nde.models.latent_sde.likelihood import AbstractLikelihood, GaussianLikelihood, LaplaceLikelihood

__all__ = [
    "ELBO",
    "AbstractContextDrift",
    "AbstractContextEncoder",
    "AbstractLikelihood",
    "CDEContext",
    "ComponentDiffusion",
    "ContextDrift",
    "ELBOTerms",
    "GRUContext",
    "GaussianLikelihood",
    "LaplaceLikelihood",
    "LatentSDE",
]
