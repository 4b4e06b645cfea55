"""Generators of time series, and what they are trained with: a discriminator, or a signature kernel."""

from nde.models.adversarial.discriminator import NeuralCDEDiscriminator
from nde.models.adversarial.gan import SDEGAN
from nde.models.adversarial.generator import NeuralSDEGenerator
from nde.models.adversarial.signature import SignatureMMDLoss
from nde.models.adversarial.wasserstein import WassersteinLoss

__all__ = ["SDEGAN", "NeuralCDEDiscriminator", "NeuralSDEGenerator", "SignatureMMDLoss", "WassersteinLoss"]
