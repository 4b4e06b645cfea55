"""The tape that a gradient replays: the grid of a solve, and some of its states.

The grid is kept of every step: its end, and where these do not follow from it, its start (behind a jump) and what
ended it (where there are landmarks besides t1). States are kept in a fixed number of
slots. As long as they suffice, each step's state is kept. When they run out, the kept ones are thinned to a quarter
and only every fourth of those to come is kept, and so on: after a thinning at least half of the slots stay free for
the states that the backward pass computes again.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.lanes import any_lane
from nde.core.types import BoolScalar, IntScalar, Time, Y
from nde.integrate.problem import Differentiable, Setup
from nde.integrate.recorders.base import AbstractRecorder, Attempt
from nde.stepping.base import AT_T1, CHOSEN


class Tape(eqx.Module):
    """A recorded solve.

    Attributes:
        ends: End of each step in loop time, of shape `(steps,)`; that of the step before where a lane has no step in
            a slot.
        starts: Start of each step, kept only if the vector field jumps.
        causes: What ended each step, kept only if there are landmarks.
        length: How many slots of the grid are used.
        kept: Steps whose states are kept, as a stack of ascending indices, of shape `(slots + 1,)`.
        places: For each entry of the stack the slot that holds its state.
        height: How many entries the stack has.
        stride: Every how many steps a state is kept.
        states: The kept `(y, solver state)`, of `slots + 1` rows.
    """

    ends: Array
    starts: Array | None
    causes: Array | None
    length: IntScalar
    kept: Array
    places: Array
    height: IntScalar
    stride: IntScalar
    states: tuple[Y, PyTree[Any]]

    @property
    def slots(self) -> int:
        """How many states can be kept; one further row is scratch, for states that are not."""
        return self.kept.shape[0] - 1

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

    def push(self, index: IntScalar, state: tuple[Y, PyTree[Any]], keep: BoolScalar) -> "Tape":
        """The tape with one more state on the stack if `keep`; there must be room."""
        return eqx.tree_at(
            lambda s: (s.kept, s.states, s.height),
            self,
            (
                tree.set_row(self.kept, self.height, index),
                tree.set_row(self.states, self.places[self.height], state),
                self.height + keep,
            ),
        )

    def top(self) -> tuple[IntScalar, tuple[Y, PyTree[Any]]]:
        """The last kept step and its state."""
        entry = self.height - 1
        return self.kept[entry], tree.row(self.states, self.places[entry])

    def thinned(self) -> "Tape":
        """Every fourth state kept (every second, after the first time), the slots of the others free."""
        factor = jnp.where(self.stride == 1, 4, 2)
        entries = jnp.arange(self.slots + 1)
        stays = (entries % factor == 0) & (entries < self.height)
        order = jnp.argsort(~stays, stable=True)
        return eqx.tree_at(
            lambda s: (s.kept, s.places, s.height, s.stride),
            self,
            (
                self.kept[order],
                self.places[order],
                jnp.sum(stays).astype(self.height.dtype),
                (self.stride * factor).astype(self.stride.dtype),
            ),
        )


class TapeRecorder(AbstractRecorder):
    """Writes the tape.

    Attributes:
        max_steps: Room for the grid.
        slots: Room for states.
    """

    max_steps: int = eqx.field(static=True)
    slots: int = eqx.field(static=True)

    def init(self, problem: Differentiable, setup: Setup, example: Attempt) -> Tape:
        """An empty tape."""
        zero = jnp.asarray(0, jnp.int32)
        times = jnp.zeros((self.max_steps,), example.start.dtype)
        return Tape(
            ends=times,
            starts=times if setup.controller.jumps else None,
            causes=None if problem.landmarks is None else jnp.zeros((self.max_steps,), jnp.int32),
            length=zero,
            kept=jnp.zeros((self.slots + 1,), jnp.int32),
            places=jnp.arange(self.slots + 1, dtype=jnp.int32),
            height=zero,
            stride=zero + 1,
            states=tree.empty_rows(self.slots + 1, (example.y, example.state)),
        )

    def write(self, problem: Differentiable, setup: Setup, store: Tape, attempt: Attempt) -> Tape:
        """One more step of the grid, and its state if it is its turn."""
        del problem, setup
        advance = any_lane(attempt.accepted)
        tape = store.push(store.length, (attempt.y, attempt.state), advance & (store.length % store.stride == 0))
        cause = jnp.where(attempt.accepted, attempt.plan.cause, CHOSEN)
        starts = None if tape.starts is None else tree.set_row(tape.starts, store.length, attempt.start)
        causes = None if tape.causes is None else tree.set_row(tape.causes, store.length, cause)
        ends = tree.set_row(tape.ends, store.length, attempt.recorded_end)
        return eqx.tree_at(
            lambda s: (s.ends, s.starts, s.causes, s.length),
            tape,
            (ends, starts, causes, store.length + advance),
            is_leaf=lambda x: x is None,
        )

    def full(self, store: Tape) -> BoolScalar | None:
        """Whether the states must be thinned first."""
        if self.slots >= self.max_steps:
            return None
        limit = jnp.where(store.stride == 1, self.slots, max(1, self.slots // 2))
        return (store.height >= limit) & (store.length % store.stride == 0)

    def flush(self, problem: Differentiable, setup: Setup, store: Tape) -> Tape:
        """Thins the states if there is no room."""
        del problem, setup
        full = self.full(store)
        if full is None:
            return store
        thin = store.thinned()
        kept, places, height, stride = jax.lax.cond(
            full,
            lambda: (thin.kept, thin.places, thin.height, thin.stride),
            lambda: (store.kept, store.places, store.height, store.stride),
        )
        return eqx.tree_at(lambda s: (s.kept, s.places, s.height, s.stride), store, (kept, places, height, stride))

    def finish(self, store: Tape) -> Tape:
        """The tape."""
        return store
