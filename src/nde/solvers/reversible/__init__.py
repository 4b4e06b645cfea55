"""Reversible solvers."""

from nde.solvers.reversible.alf import ALF
from nde.solvers.reversible.base import AbstractReversibleSolver
from nde.solvers.reversible.coupled import Reversible
from nde.solvers.reversible.leapfrog_midpoint import LeapfrogMidpoint
from nde.solvers.reversible.reversible_heun import ReversibleHeun

__all__ = ["ALF", "AbstractReversibleSolver", "LeapfrogMidpoint", "Reversible", "ReversibleHeun"]
