"""Continuous normalizing flows: distributions as flows of ODEs."""

from nde.models.normalizing.continuous_flow import ContinuousFlow, Encoded
from nde.models.normalizing.losses import FlowLikelihood, FlowMatching
from nde.models.normalizing.trace import AbstractTrace, ExactTrace, HutchinsonTrace

__all__ = [
    "AbstractTrace",
    "ContinuousFlow",
    "Encoded",
    "ExactTrace",
    "FlowLikelihood",
    "FlowMatching",
    "HutchinsonTrace",
]
