"""Roots of functions, with their derivatives, and linear systems with a Jacobian: the floor below implicit methods."""

from nde.roots._root import root
from nde.roots.bisection import Bisection
from nde.roots.chord import Chord
from nde.roots.dense import Dense
from nde.roots.gmres import GMRES
from nde.roots.iteration import AbstractIterativeSolver
from nde.roots.linear import AbstractLinearSolver
from nde.roots.newton import Newton
from nde.roots.solution import IterativeSolution

__all__ = [
    "GMRES",
    "AbstractIterativeSolver",
    "AbstractLinearSolver",
    "Bisection",
    "Chord",
    "Dense",
    "IterativeSolution",
    "Newton",
    "root",
]
