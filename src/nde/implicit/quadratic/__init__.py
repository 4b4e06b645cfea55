"""Quadratic programs and projections, with their derivatives."""

from nde.implicit.quadratic._projection import AbstractConvexSet, Polytope, SecondOrderCone, Simplex, projection
from nde.implicit.quadratic._quadratic_program import quadratic_program
from nde.implicit.quadratic.solution import QuadraticSolution

__all__ = [
    "AbstractConvexSet",
    "Polytope",
    "QuadraticSolution",
    "SecondOrderCone",
    "Simplex",
    "projection",
    "quadratic_program",
]
