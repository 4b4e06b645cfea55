"""Save times of cheap vector fields: steps are noted, and the stages of those that matter computed again.

Whatever else happens in the loop body keeps a small system's step from fusing into a few kernels. So the loop only
notes `(start, end, y)`. When the notes are full, or the solve is done, one search finds the step of each save time,
and all of them are evaluated at once.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.count import count_if, first_of
from nde.core.lanes import any_lane
from nde.core.types import BoolScalar, IntScalar, Time, Y
from nde.integrate.output import AtTimes, call_fn, padded_rows, shapes_of
from nde.integrate.problem import (
    Differentiable,
    Setup,
    dense_step,
    drive_of,
    drive_shape,
    fresh_start,
    init_path_state,
    step_map,
)
from nde.integrate.recorders.base import AbstractRecorder, Attempt
from nde.stepping import span


class _Notes(eqx.Module):
    """Noted steps: where each ends, and its first state."""

    ends: Array
    ys: Y
    states: PyTree[Array]
    drives: PyTree[Array]
    used: IntScalar
    first: Time
    saved: PyTree[Array]

    def start(self, step: IntScalar) -> Time:
        """The start of a noted step."""
        return jnp.where(step == 0, self.first, self.ends[jnp.maximum(step - 1, 0)])


class SampledRecorder(AbstractRecorder):
    """Saves at given times by noting steps.

    Attributes:
        output: The index of its `AtTimes` among the problem's outputs.
        capacity: Room for notes; `None` for a choice by the number of save times.
    """

    output: int = eqx.field(static=True)
    capacity: int | None = eqx.field(default=None, static=True)

    def init(self, problem: Differentiable, setup: Setup) -> _Notes:
        """No notes, nothing saved."""
        wanted = self._wanted(problem)
        struct = shapes_of(wanted.fn, problem.t0, problem.y0, problem.args)
        rows = wanted.ts.shape[0]
        capacity = self.capacity or min(max(4 * rows, 128), 1024)
        capacity = capacity if setup.max_steps is None else max(1, min(capacity, setup.max_steps))
        return _Notes(
            ends=jnp.zeros((capacity,), problem.t0.dtype),
            ys=tree.empty_rows(capacity, problem.y0),
            states=tree.empty_rows(capacity, problem.solver_state),
            drives=tree.empty_rows(capacity, drive_shape(problem, setup)) if problem.keeps_drives else None,
            used=jnp.asarray(0, jnp.int32),
            first=problem.t0,
            saved=padded_rows(rows, struct),
        )

    def write(self, problem: Differentiable, setup: Setup, store: _Notes, attempt: Attempt) -> _Notes:
        """One more note; a note that no lane needs is overwritten by the next."""
        del problem, setup
        return _Notes(
            ends=tree.set_row(store.ends, store.used, attempt.recorded_end),
            ys=tree.set_row(store.ys, store.used, attempt.start.y),
            states=tree.set_row(store.states, store.used, attempt.start.solver_state),
            drives=None if store.drives is None else tree.set_row(store.drives, store.used, attempt.drive),
            used=count_if(store.used, any_lane(attempt.accepted)),
            first=store.first,
            saved=store.saved,
        )

    def full(self, store: _Notes) -> BoolScalar | None:
        """Whether there is no room for a further note."""
        if self.capacity is not None:
            return None
        return store.used >= store.ends.shape[0]

    def flush(self, problem: Differentiable, setup: Setup, store: _Notes) -> _Notes:
        """Evaluates all save times inside the noted steps."""
        wanted = self._wanted(problem)
        noted = first_of(store.ends.shape[0], store.used)
        ends = jnp.where(noted, store.ends, jnp.inf)
        steps = jnp.searchsorted(ends, wanted.ts, side="left")
        reached = (steps < store.used) & ((wanted.ts > store.first) | (store.first == problem.t0))
        steps = jnp.minimum(steps, store.ends.shape[0] - 1)

        def value(step: IntScalar, at: Time) -> PyTree[Array]:
            start, end = store.start(step), store.ends[step]
            y, state = tree.row(store.ys, step), tree.row(store.states, step)
            noted = span(start, end)
            drive = tree.row(store.drives, step)
            if drive is None:
                drive, _ = drive_of(problem, setup, noted, init_path_state(problem, setup, start))
            out = step_map(problem, setup, noted, fresh_start(problem, setup, start, y, state), drive)
            dense = dense_step(problem, setup, noted, y, out.stages, drive)
            return call_fn(wanted.fn, setup.real(at), dense.value(at), problem.args)

        def row(given: tuple[BoolScalar, IntScalar, Time, PyTree[Array]]) -> PyTree[Array]:
            reached, step, at, saved = given
            return tree.where(reached, value(step, at), saved)

        saved = jax.lax.map(row, (reached, steps, wanted.ts, store.saved))
        first = jnp.where(store.used > 0, store.ends[jnp.maximum(store.used - 1, 0)], store.first)
        return dataclasses.replace(store, saved=saved, used=jnp.zeros_like(store.used), first=first)

    def finish(self, store: _Notes) -> PyTree[Array]:
        """The values at the save times; padding where the solve did not get."""
        return store.saved

    def _wanted(self, problem: Differentiable) -> AtTimes:
        wanted = problem.outputs[self.output]
        assert isinstance(wanted, AtTimes)
        return wanted
