"""Quadratic programs, layers and projections, with their derivatives."""

from nde.implicit.quadratic._projection import AbstractConvexSet, Polytope, SecondOrderCone, Simplex, projection
from nde.implicit.quadratic._quadratic_program import quadratic_program
from nde.implicit.quadratic.opt_net import OptNet
from nde.implicit.quadratic.solution import QuadraticSolution

__all__ = [
    "AbstractConvexSet",
    "OptNet",
    "Polytope",
    "QuadraticSolution",
    "SecondOrderCone",
    "Simplex",
    "projection",
    "quadratic_program",
]
