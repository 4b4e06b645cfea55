"""What a loop remembers of its steps, each kind its own file.

All lanes of a `vmap` write to the same slot, so that a write is never a scatter: a lane that rejects a step which
another lane accepts records a step of length zero.
"""

from nde.integrate.recorders.base import AbstractRecorder, Attempt
from nde.integrate.recorders.dense import DenseRecorder
from nde.integrate.recorders.grid import Grid, GridRecorder
from nde.integrate.recorders.inline import InlineRecorder
from nde.integrate.recorders.sampled import SampledRecorder
from nde.integrate.recorders.steps import StepRecorder
from nde.integrate.recorders.tape import Tape, TapeRecorder

__all__ = [
    "AbstractRecorder",
    "Attempt",
    "DenseRecorder",
    "Grid",
    "GridRecorder",
    "InlineRecorder",
    "SampledRecorder",
    "StepRecorder",
    "Tape",
    "TapeRecorder",
]
