"""The grid of a solve: from it and the states at its ends a gradient takes each step again.

Of every step its end is kept, and what ended it where that does not follow (where there are landmarks besides t1).
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.count import count_if, first_of
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
        causes: What ended each step, kept only if there are landmarks.
        length: How many steps are recorded.
        drives: What each step saw of the path, zero where a lane has no step; kept only if it cannot be made again.
        before_jumps: The solver's state before each jump, a row for each and one of scratch; kept only for steps that
            are undone.
    """

    ends: Array
    causes: Array | None
    length: IntScalar
    drives: PyTree[Any]
    before_jumps: PyTree[Any] = None

    def ordinals(self, problem: Differentiable) -> Array:
        """For each slot how many steps of this lane came before."""
        slots = self.ends.shape[0]
        starts = jnp.concatenate([problem.t0[None], self.ends[:-1]])
        counts = ((self.ends > starts) & first_of(slots, self.length)).astype(jnp.int32)
        return jnp.cumsum(counts) - counts

    def step(self, problem: Differentiable, index: IntScalar) -> tuple[Time, Time, IntScalar]:
        """Start, end and cause of a recorded step."""
        end = tree.row(self.ends, index)
        start = jnp.where(index == 0, problem.t0, tree.row(self.ends, jnp.maximum(index - 1, 0)))
        if self.causes is None:
            cause = jnp.where((end == problem.t1) & (end > start), AT_T1, CHOSEN)
        else:
            cause = tree.row(self.causes, index)
        return start, end, cause

    def longer(self, setup: Setup, attempt: Attempt) -> "Grid":
        """The grid with one more step."""
        index, causes, drives, before_jumps = self.length, self.causes, self.drives, self.before_jumps
        if causes is not None:
            assert attempt.cause is not None
            causes = tree.set_row(causes, index, jnp.where(attempt.accepted, attempt.cause, CHOSEN))
        if before_jumps is not None:
            jumped, number = setup.controller.jump_at(attempt.step.end)
            row = jnp.where(attempt.accepted & jumped, number, setup.controller.jumps)
            before_jumps = tree.set_row(before_jumps, row, attempt.out.state)
        return Grid(
            ends=tree.set_row(self.ends, index, attempt.recorded_end),
            causes=causes,
            length=count_if(index, any_lane(attempt.accepted)),
            drives=None if drives is None else tree.set_row(drives, index, attempt.recorded_drive),
            before_jumps=before_jumps,
        )

    def state_before_jump(self, setup: Setup, t: Time, state: PyTree[Any]) -> PyTree[Any]:
        """The solver's state at the end of a step that ended at `t`; behind it, it was `state`."""
        if self.before_jumps is None:
            return state
        jumped, number = setup.controller.jump_at(t)
        return tree.where(jumped, tree.row(self.before_jumps, number), state)


class GridRecorder(AbstractRecorder):
    """Writes the grid.

    Attributes:
        max_steps: Room for it.
        undoes: Whether its steps will be undone.
    """

    max_steps: int = eqx.field(static=True)
    undoes: bool = eqx.field(default=False, static=True)

    def init(self, problem: Differentiable, setup: Setup) -> Grid:
        """An empty grid."""
        times = jnp.zeros((self.max_steps,), problem.t0.dtype)
        recalled = problem.term.redrawable(setup.may_reject)
        keeps_states = self.undoes and setup.controller.jumps
        return Grid(
            ends=times,
            causes=None if problem.landmarks is None else jnp.zeros((self.max_steps,), jnp.int32),
            length=jnp.asarray(0, jnp.int32),
            drives=None if recalled else tree.empty_rows(self.max_steps, drive_shape(problem, setup)),
            before_jumps=tree.empty_rows(setup.controller.jumps + 1, problem.solver_state) if keeps_states else None,
        )

    def write(self, problem: Differentiable, setup: Setup, store: Grid, attempt: Attempt) -> Grid:
        """One more step."""
        del problem
        return store.longer(setup, attempt)

    def finish(self, store: Grid) -> Grid:
        """The grid."""
        return store
