"""The front door: it checks and normalizes what the user gives once, and joins all parts."""

from nde.solve.cdeint import cdeint
from nde.solve.diffeqsolve import diffeqsolve
from nde.solve.interpolation import DenseInterpolation
from nde.solve.odeint import odeint
from nde.solve.online import OnlineCDE, OnlineState
from nde.solve.saveat import SaveAt, SubSaveAt
from nde.solve.sdeint import sdeint
from nde.solve.solution import Solution

__all__ = [
    "DenseInterpolation",
    "OnlineCDE",
    "OnlineState",
    "SaveAt",
    "Solution",
    "SubSaveAt",
    "cdeint",
    "diffeqsolve",
    "odeint",
    "sdeint",
]
