"""The functions that solve differential equations, and what they take and return."""

from nde.solve._cdeint import cdeint
from nde.solve._diffeqsolve import diffeqsolve
from nde.solve._odeint import odeint
from nde.solve._sdeint import sdeint
from nde.solve.interpolation import DenseInterpolation
from nde.solve.online import OnlineCDE, OnlineState
from nde.solve.saveat import SaveAt, SubSaveAt
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
