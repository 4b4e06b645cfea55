"""Every solver, by name; the laws run on each row."""

from collections.abc import Callable

from nde.solvers.base import AbstractSolver
from nde.solvers.bosh3 import Bosh3
from nde.solvers.dopri5 import Dopri5
from nde.solvers.dopri8 import Dopri8
from nde.solvers.euler import Euler
from nde.solvers.half import HalfSolver
from nde.solvers.heun import Heun
from nde.solvers.midpoint import Midpoint
from nde.solvers.ralston import Ralston
from nde.solvers.reversible import ALF, LeapfrogMidpoint, Reversible, ReversibleHeun
from nde.solvers.stiff import Rodas4, Rodas5P, Rosenbrock23
from nde.solvers.stochastic import (
    SEA,
    SRA1,
    DerivativeFreeMilstein,
    EulerHeun,
    GeneralShARK,
    ItoMilstein,
    ShARK,
    SlowRK,
    SPaRK,
    StratonovichMilstein,
)
from nde.solvers.tsit5 import Tsit5
from nde.solvers.vern7 import Vern7

REGISTRY: dict[str, Callable[[], AbstractSolver]] = {
    "Euler": Euler,
    "Midpoint": Midpoint,
    "Heun": Heun,
    "Ralston": Ralston,
    "Bosh3": Bosh3,
    "Tsit5": Tsit5,
    "Dopri5": Dopri5,
    "Vern7": Vern7,
    "Dopri8": Dopri8,
    "Rosenbrock23": Rosenbrock23,
    "Rodas4": Rodas4,
    "Rodas5P": Rodas5P,
    "ReversibleHeun": ReversibleHeun,
    "LeapfrogMidpoint": LeapfrogMidpoint,
    "ALF": ALF,
    "Reversible(Bosh3)": lambda: Reversible(Bosh3()),
    "HalfSolver(Euler)": lambda: HalfSolver(Euler()),
}

STOCHASTIC: dict[str, Callable[[], AbstractSolver]] = {
    "Euler": Euler,
    "Heun": Heun,
    "Midpoint": Midpoint,
    "Ralston": Ralston,
    "EulerHeun": EulerHeun,
    "ReversibleHeun": ReversibleHeun,
    "Reversible(Heun)": lambda: Reversible(Heun()),
    "ItoMilstein": ItoMilstein,
    "DerivativeFreeMilstein": DerivativeFreeMilstein,
    "StratonovichMilstein": StratonovichMilstein,
    "SEA": SEA,
    "SRA1": SRA1,
    "ShARK": ShARK,
    "GeneralShARK": GeneralShARK,
    "SlowRK": SlowRK,
    "SPaRK": SPaRK,
    "HalfSolver(Heun)": lambda: HalfSolver(Heun()),
}
"""Solvers of stochastic differential equations."""
