"""Hypersolvers of trained models."""

from nde.models.hypersolvers._fit_hypersolver import HypersolverFit, fit_hypersolver
from nde.models.hypersolvers.report import HypersolverReport, SolverError

__all__ = ["HypersolverFit", "HypersolverReport", "SolverError", "fit_hypersolver"]
