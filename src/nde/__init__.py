"""Neural differential equations in JAX: solve, differentiate and learn them."""

from nde.core.norms import max_norm, rms_norm
from nde.core.results import RESULTS, SolveError, is_event, is_okay, is_successful
from nde.gradients import AbstractAdjoint, DirectAdjoint, ForwardMode, RecursiveCheckpointAdjoint
from nde.integrate.progress import AbstractProgressMeter, NoProgressMeter, TextProgressMeter, TqdmProgressMeter
from nde.paths import AbstractPath, TimePath
from nde.solve import DenseInterpolation, SaveAt, Solution, SubSaveAt, diffeqsolve, odeint
from nde.solvers import (
    AbstractSolver,
    Bosh3,
    ButcherTableau,
    Dopri5,
    Dopri8,
    Euler,
    ExplicitRungeKutta,
    Heun,
    Midpoint,
    Ralston,
    Tsit5,
    Vern7,
)
from nde.stepping import (
    AbstractAdaptiveStepSizeController,
    AbstractStepSizeController,
    ClipStepSizeController,
    ConstantStepSize,
    PIDController,
    StepTo,
)
from nde.terms import AbstractTerm, ODETerm

__version__ = "0.1.0"

__all__ = [
    "RESULTS",
    "AbstractAdaptiveStepSizeController",
    "AbstractAdjoint",
    "AbstractPath",
    "AbstractProgressMeter",
    "AbstractSolver",
    "AbstractStepSizeController",
    "AbstractTerm",
    "Bosh3",
    "ButcherTableau",
    "ClipStepSizeController",
    "ConstantStepSize",
    "DenseInterpolation",
    "DirectAdjoint",
    "Dopri5",
    "Dopri8",
    "Euler",
    "ExplicitRungeKutta",
    "ForwardMode",
    "Heun",
    "Midpoint",
    "NoProgressMeter",
    "ODETerm",
    "PIDController",
    "Ralston",
    "RecursiveCheckpointAdjoint",
    "SaveAt",
    "Solution",
    "SolveError",
    "StepTo",
    "SubSaveAt",
    "TextProgressMeter",
    "TimePath",
    "TqdmProgressMeter",
    "Tsit5",
    "Vern7",
    "diffeqsolve",
    "is_event",
    "is_okay",
    "is_successful",
    "max_norm",
    "odeint",
    "rms_norm",
]
