"""The tape that a gradient replays: the grid of a solve, and some of its states.

The grid is kept of every step: its end, and where these do not follow from it, its start (behind a jump) and what
ended it (where there are landmarks besides t1). States are kept of every `2^shift`-th step, in a fixed number of
slots. When the slots run out the kept states are thinned, to a quarter the first time and to a half after that: from
then on at least half of the slots are free for the states that the backward pass computes again.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.lanes import any_lane
from nde.core.types import BoolScalar, IntScalar, Time, Y
from nde.integrate.problem import Differentiable, Setup, drive_shape
from nde.integrate.recorders.base import AbstractRecorder, Attempt
from nde.integrate.start import Start, handed_on, retained, retained_shape
from nde.stepping.base import AT_T1, CHOSEN


class Tape(eqx.Module):
    """A recorded solve.

    Attributes:
        ends: End of each step in loop time, of shape `(steps,)`; that of the step before where a lane has no step in
            a slot.
        starts: Start of each step, kept only if the vector field jumps.
        causes: What ended each step, kept only if there are landmarks.
        length: How many steps are recorded.
        shift: States are kept of steps that are multiples of `2^shift`.
        states: What these steps start from; the last row is scratch.
        drives: What each step saw of the path, zero where a lane has no step; kept only if it cannot be made again.
    """

    ends: Array
    starts: Array | None
    causes: Array | None
    length: IntScalar
    shift: IntScalar
    states: Start
    drives: PyTree[Any]

    @property
    def slots(self) -> int:
        """How many states can be kept."""
        return jax.tree.leaves(self.states)[0].shape[0] - 1

    @property
    def kept(self) -> IntScalar:
        """How many states are kept."""
        return -((-self.length) >> self.shift)

    def ordinals(self, problem: Differentiable) -> Array:
        """For each slot how many steps of this lane came before."""
        slots = self.ends.shape[0]
        starts = jnp.concatenate([problem.t0[None], self.ends[:-1]]) if self.starts is None else self.starts
        counts = ((self.ends > starts) & (jnp.arange(slots) < self.length)).astype(jnp.int32)
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


class TapeRecorder(AbstractRecorder):
    """Writes the tape.

    Attributes:
        max_steps: Room for the grid.
        slots: Room for states.
    """

    max_steps: int = eqx.field(static=True)
    slots: int = eqx.field(static=True)

    @property
    def roomy(self) -> bool:
        """Whether the slots can never run out."""
        return self.slots >= self.max_steps

    def init(self, problem: Differentiable, setup: Setup) -> Tape:
        """An empty tape."""
        times = jnp.zeros((self.max_steps,), problem.t0.dtype)
        return Tape(
            ends=times,
            starts=times if setup.controller.jumps else None,
            causes=None if problem.landmarks is None else jnp.zeros((self.max_steps,), jnp.int32),
            length=jnp.asarray(0, jnp.int32),
            shift=jnp.asarray(0, jnp.int32),
            states=tree.empty_rows(self.slots + 1, retained_shape(problem, setup)),
            drives=None
            if problem.term.recalls(setup.revisits)
            else tree.empty_rows(self.max_steps, drive_shape(problem, setup)),
        )

    def write(self, problem: Differentiable, setup: Setup, store: Tape, attempt: Attempt) -> Tape:
        """One more step of the grid, and its state if it is its turn."""
        del problem
        index, slot = store.length, store.length
        if not self.roomy:
            turn = index & ((1 << store.shift) - 1) == 0
            slot = jnp.where(turn, index >> store.shift, self.slots)
        start = Start(attempt.y, attempt.state, handed_on(setup, attempt.cache))
        states = tree.set_row(store.states, slot, retained(setup, start))
        return with_step(eqx.tree_at(lambda s: s.states, store, states), attempt)

    def full(self, store: Tape) -> BoolScalar | None:
        """Whether the next state wants a slot and there is none."""
        if self.roomy:
            return None
        limit = jnp.where(store.shift == 0, self.slots, max(1, self.slots // 2))
        turn = store.length & ((1 << store.shift) - 1) == 0
        return turn & (store.length >> store.shift >= limit)

    def flush(self, problem: Differentiable, setup: Setup, store: Tape, y: Y, state: PyTree[Any]) -> Tape:
        """Thins the states if there is no room."""
        del problem, setup, y, state
        full = self.full(store)
        if full is None:
            return store
        more = jnp.where(store.shift == 0, 2, 1)
        source = jnp.minimum(jnp.arange(self.slots + 1) << more, self.slots)
        states = jax.lax.cond(full, lambda: jax.tree.map(lambda x: x[source], store.states), lambda: store.states)
        return eqx.tree_at(
            lambda s: (s.states, s.shift), store, (states, jnp.where(full, store.shift + more, store.shift))
        )

    def finish(self, store: Tape) -> Tape:
        """The tape."""
        return store


def with_step(tape: Tape, attempt: Attempt) -> Tape:
    """The tape with one more step on its grid."""
    index = tape.length
    causes = tape.causes
    if causes is not None:
        assert attempt.cause is not None
        causes = tree.set_row(causes, index, jnp.where(attempt.accepted, attempt.cause, CHOSEN))
    starts = None if tape.starts is None else tree.set_row(tape.starts, index, attempt.step.start)
    return eqx.tree_at(
        lambda s: (s.ends, s.starts, s.causes, s.drives, s.length),
        tape,
        (
            tree.set_row(tape.ends, index, attempt.recorded_end),
            starts,
            causes,
            None if tape.drives is None else tree.set_row(tape.drives, index, attempt.recorded_drive),
            index + any_lane(attempt.accepted),
        ),
        is_leaf=lambda x: x is None,
    )
