"""Minima under constraints, with their derivatives."""

from nde.implicit.constrained._argmin import argmin
from nde.implicit.constrained.solution import ConstrainedSolution

__all__ = ["ConstrainedSolution", "argmin"]
