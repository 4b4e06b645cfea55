"""The grid of a solve: from it and the states at its ends a gradient takes each step again.

Of every step its end is kept, and where these do not follow from it, its start (behind a jump) and what ended it (where
there are landmarks besides t1).
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.count import counted, first_of
from nde.core.lanes import any_lane
from nde.core.types import IntScalar, Time
from nde.integrate.problem import Differentiable, Setup, drive_shape
from nde.integrate.recorders.base import AbstractRecorder, Attempt
from nde.stepping.base import AT_T1, CHOSEN


class Grid(eqx.Module):
    """The recorded steps of a solve.

    Attributes:
        ends: End of each step in loop time, of shape `(steps,)`; that of the step before where a lane has no step in
            a slot.
        starts: Start of each step, kept only if the vector field jumps.
        causes: What ended each step, kept only if there are landmarks.
        length: How many steps are recorded.
        drives: What each step saw of the path, zero where a lane has no step; kept only if it cannot be made again.
    """

    ends: Array
    starts: Array | None
    causes: Array | None
    length: IntScalar
    drives: PyTree[Any]

    def ordinals(self, problem: Differentiable) -> Array:
        """For each slot how many steps of this lane came before."""
        slots = self.ends.shape[0]
        starts = jnp.concatenate([problem.t0[None], self.ends[:-1]]) if self.starts is None else self.starts
        counts = ((self.ends > starts) & first_of(slots, self.length)).astype(jnp.int32)
        return jnp.cumsum(counts) - counts

    def step(self, problem: Differentiable, index: IntScalar) -> tuple[Time, Time, IntScalar]:
        """Start, end and cause of a recorded step."""
        end = tree.row(self.ends, index)
        if self.starts is None:
            start = jnp.where(index == 0, problem.t0, tree.row(self.ends, jnp.maximum(index - 1, 0)))
        else:
            start = tree.row(self.starts, index)
        if self.causes is None:
            cause = jnp.where((end == problem.t1) & (end > start), AT_T1, CHOSEN)
        else:
            cause = tree.row(self.causes, index)
        return start, end, cause

    def longer(self, attempt: Attempt) -> "Grid":
        """The grid with one more step."""
        index, causes, starts, drives = self.length, self.causes, self.starts, self.drives
        if causes is not None:
            assert attempt.cause is not None
            causes = tree.set_row(causes, index, jnp.where(attempt.accepted, attempt.cause, CHOSEN))
        return Grid(
            ends=tree.set_row(self.ends, index, attempt.recorded_end),
            starts=None if starts is None else tree.set_row(starts, index, attempt.step.start),
            causes=causes,
            length=counted(index, any_lane(attempt.accepted)),
            drives=None if drives is None else tree.set_row(drives, index, attempt.recorded_drive),
        )


class GridRecorder(AbstractRecorder):
    """Writes the grid.

    Attributes:
        max_steps: Room for it.
    """

    max_steps: int = eqx.field(static=True)

    def init(self, problem: Differentiable, setup: Setup) -> Grid:
        """An empty grid."""
        times = jnp.zeros((self.max_steps,), problem.t0.dtype)
        recalled = problem.term.recalls(setup.revisits)
        return Grid(
            ends=times,
            starts=times if setup.controller.jumps else None,
            causes=None if problem.landmarks is None else jnp.zeros((self.max_steps,), jnp.int32),
            length=jnp.asarray(0, jnp.int32),
            drives=None if recalled else tree.empty_rows(self.max_steps, drive_shape(problem, setup)),
        )

    def write(self, problem: Differentiable, setup: Setup, store: Grid, attempt: Attempt) -> Grid:
        """One more step."""
        del problem, setup
        return store.longer(attempt)

    def finish(self, store: Grid) -> Grid:
        """The grid."""
        return store
