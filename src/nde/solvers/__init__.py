"""One step of each method."""

from nde.solvers.base import AbstractSolver, StepOut, StepStart
from nde.solvers.bosh3 import Bosh3
from nde.solvers.dopri5 import Dopri5
from nde.solvers.dopri8 import Dopri8
from nde.solvers.euler import Euler
from nde.solvers.half import HalfSolver
from nde.solvers.heun import Heun
from nde.solvers.hyper import Hyper, HyperEuler, HyperHeun, HyperMidpoint
from nde.solvers.kinds import (
    AbstractAdaptiveSolver,
    AbstractItoSolver,
    AbstractStratonovichSolver,
    AbstractWrappedSolver,
)
from nde.solvers.midpoint import Midpoint
from nde.solvers.ralston import Ralston
from nde.solvers.reversible import (
    ALF,
    AbstractReversibleSolver,
    LeapfrogMidpoint,
    Reversible,
    ReversibleHeun,
)
from nde.solvers.runge_kutta import ExplicitRungeKutta
from nde.solvers.stiff import Rodas4, Rodas5P, Rosenbrock, Rosenbrock23, RosenbrockTableau
from nde.solvers.stochastic import (
    SEA,
    SRA1,
    AbstractSRK,
    DerivativeFreeMilstein,
    EulerHeun,
    GeneralShARK,
    ItoMilstein,
    ShARK,
    SlowRK,
    SPaRK,
    StratonovichMilstein,
)
from nde.solvers.tableau import ButcherTableau
from nde.solvers.tsit5 import Tsit5
from nde.solvers.vern7 import Vern7

__all__ = [
    "ALF",
    "SEA",
    "SRA1",
    "AbstractAdaptiveSolver",
    "AbstractItoSolver",
    "AbstractReversibleSolver",
    "AbstractSRK",
    "AbstractSolver",
    "AbstractStratonovichSolver",
    "AbstractWrappedSolver",
    "Bosh3",
    "ButcherTableau",
    "DerivativeFreeMilstein",
    "Dopri5",
    "Dopri8",
    "Euler",
    "EulerHeun",
    "ExplicitRungeKutta",
    "GeneralShARK",
    "HalfSolver",
    "Heun",
    "Hyper",
    "HyperEuler",
    "HyperHeun",
    "HyperMidpoint",
    "ItoMilstein",
    "LeapfrogMidpoint",
    "Midpoint",
    "Ralston",
    "Reversible",
    "ReversibleHeun",
    "Rodas4",
    "Rodas5P",
    "Rosenbrock",
    "Rosenbrock23",
    "RosenbrockTableau",
    "SPaRK",
    "ShARK",
    "SlowRK",
    "StepOut",
    "StepStart",
    "StratonovichMilstein",
    "Tsit5",
    "Vern7",
]
