"""The tape that a gradient replays: the grid of a solve, and some of its states.

States are kept of every `2^shift`-th step, in a fixed number of slots. When the slots run out the kept states are
thinned, to a quarter the first time and to a half after that: from then on at least half of the slots are free for the
states that the backward pass computes again. Thinning moves no state: it changes the order in which the slots are read
and filled.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from nde.core import tree
from nde.core.types import BoolScalar, IntScalar
from nde.integrate.problem import Differentiable, Setup
from nde.integrate.recorders.base import AbstractRecorder, Attempt
from nde.integrate.recorders.grid import Grid, GridRecorder
from nde.integrate.start import carried_cache, taped_shape, taped_start
from nde.solvers import StepStart


class Tape(eqx.Module):
    """A recorded solve.

    Attributes:
        grid: Its steps.
        shift: States are kept of steps that are multiples of `2^shift`.
        order: The slots in the order of what they hold, the free ones after; `None` if they never run out.
        states: What these steps start from, a row for each slot; the last row is scratch.
    """

    grid: Grid
    shift: IntScalar
    order: Array | None
    states: StepStart

    @property
    def slots(self) -> int:
        """How many states can be kept."""
        return jax.tree.leaves(self.states)[0].shape[0] - 1

    @property
    def kept(self) -> IntScalar:
        """How many states are kept."""
        return -((-self.grid.length) >> self.shift)


class TapeRecorder(AbstractRecorder):
    """Writes the tape.

    Attributes:
        max_steps: Room for the grid.
        slots: Room for states.
    """

    max_steps: int = eqx.field(static=True)
    slots: int = eqx.field(static=True)

    @property
    def never_full(self) -> bool:
        """Whether the slots can never run out."""
        return self.slots >= self.max_steps

    def init(self, problem: Differentiable, setup: Setup) -> Tape:
        """An empty tape."""
        return Tape(
            grid=GridRecorder(self.max_steps).init(problem, setup),
            shift=jnp.asarray(0, jnp.int32),
            order=None if self.never_full else jnp.arange(self.slots + 1, dtype=jnp.int32),
            states=tree.empty_rows(self.slots + 1, taped_shape(problem, setup)),
        )

    def write(self, problem: Differentiable, setup: Setup, store: Tape, attempt: Attempt) -> Tape:
        """One more step of the grid, and its state if it is its turn."""
        del problem
        index = slot = store.grid.length
        if store.order is not None:
            turn = index & ((1 << store.shift) - 1) == 0
            slot = store.order[jnp.where(turn, index >> store.shift, self.slots)]
        start = attempt.start
        start = StepStart(start.y, start.solver_state, carried_cache(setup, start.cache))
        states = tree.set_row(store.states, slot, taped_start(setup, start))
        return Tape(store.grid.longer(setup, attempt), store.shift, store.order, states)

    def full(self, store: Tape) -> BoolScalar | None:
        """Whether the next state wants a slot and there is none."""
        if self.never_full:
            return None
        limit = jnp.where(store.shift == 0, self.slots, max(1, self.slots // 2))
        length = store.grid.length
        turn = length & ((1 << store.shift) - 1) == 0
        return turn & (length >> store.shift >= limit)

    def flush(self, problem: Differentiable, setup: Setup, store: Tape) -> Tape:
        """Thins the states if there is no room."""
        del problem, setup
        full = self.full(store)
        if full is None:
            return store
        first = store.shift == 0
        assert store.order is not None
        order = store.order[jnp.where(first, self._every(4), self._every(2))]
        shift = store.shift + jnp.where(first, 2, 1)
        thinner = jnp.where(full, order, store.order), jnp.where(full, shift, store.shift)
        return eqx.tree_at(lambda s: (s.order, s.shift), store, thinner)

    def _every(self, nth: int) -> Array:
        """Every so many of the slots, then the others; the scratch row stays the last."""
        slots = np.arange(self.slots)
        left = slots % nth == 0
        return jnp.asarray(np.concatenate([slots[left], slots[~left], [self.slots]]), jnp.int32)

    def finish(self, store: Tape) -> Tape:
        """The tape."""
        return store
