"""Latent ODEs: time series as observations of a latent trajectory."""

from nde.models.latent.encoder import AbstractEncoder, GRUEncoder, ODERNNEncoder
from nde.models.latent.latent_ode import LatentODE
from nde.models.latent.posterior import Posterior

__all__ = ["AbstractEncoder", "GRUEncoder", "LatentODE", "ODERNNEncoder", "Posterior"]
