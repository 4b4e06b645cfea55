"""Solvers that treat drift and diffusion each in its own way."""

from nde.solvers.stochastic.euler_heun import EulerHeun
from nde.solvers.stochastic.general_shark import GeneralShARK
from nde.solvers.stochastic.milstein import DerivativeFreeMilstein, ItoMilstein, StratonovichMilstein
from nde.solvers.stochastic.runge_kutta import AbstractSRK
from nde.solvers.stochastic.sea import SEA
from nde.solvers.stochastic.shark import ShARK
from nde.solvers.stochastic.slow_rk import SlowRK
from nde.solvers.stochastic.spark import SPaRK
from nde.solvers.stochastic.sra1 import SRA1

__all__ = [
    "SEA",
    "SRA1",
    "AbstractSRK",
    "DerivativeFreeMilstein",
    "EulerHeun",
    "GeneralShARK",
    "ItoMilstein",
    "SPaRK",
    "ShARK",
    "SlowRK",
    "StratonovichMilstein",
]
