"""Solvers for stiff equations."""

from nde.solvers.stiff.rodas4 import Rodas4
from nde.solvers.stiff.rodas5p import Rodas5P
from nde.solvers.stiff.rosenbrock import Rosenbrock
from nde.solvers.stiff.rosenbrock23 import Rosenbrock23
from nde.solvers.stiff.rosenbrock_tableau import RosenbrockTableau

__all__ = ["Rodas4", "Rodas5P", "Rosenbrock", "Rosenbrock23", "RosenbrockTableau"]
