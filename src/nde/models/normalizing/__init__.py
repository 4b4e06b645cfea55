"""Continuous normalizing flows: distributions as flows of ODEs."""

from nde.models.normalizing.continuous_flow import ContinuousFlow, Encoded
from nde.models.normalizing.likelihood import FlowLikelihood
from nde.models.normalizing.matching import FlowMatching
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
