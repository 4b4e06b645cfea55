"""A recorded solve played again: the same steps, and the same noise where it cannot be drawn again."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.clock import Clock
from nde.core.count import first_of
from nde.core.results import SUCCESSFUL
from nde.core.tree import all_finite
from nde.core.types import BoolScalar, IntScalar, RealScalar, Time, Y
from nde.integrate.problem import Differentiable, Setup, end_of
from nde.integrate.recorders import Grid
from nde.stepping import AbstractStepSizeController, Plan, StepDecision, StepTrial


def playback_setup(problem: Differentiable, setup: Setup, grid: Grid) -> Setup:
    """The setup that takes the steps of a recorded grid again."""
    following = _slot_after(grid, grid.ends)
    drives = None
    if grid.drives is not None:
        drives = RecordedDrives(grid.drives, following, _slot_after(grid, jax.lax.stop_gradient(problem.t0)))
    return eqx.tree_at(
        lambda s: (s.controller, s.resume.controller_state, s.recorded),
        setup,
        (Playback(grid, following, problem, setup.controller), None, drives),
        is_leaf=lambda x: x is None,
    )


class RecordedDrives(eqx.Module):
    """In place of the paths: the drives of a grid.

    Attributes:
        drives: What each step of the grid saw of the paths.
        following: The slot of the step after that in each slot.
        first: The slot of the first step.
    """

    drives: PyTree[Any]
    following: Array
    first: IntScalar

    def begin(
        self, t0: RealScalar, step: IntScalar | int = 0, may_reject: bool = False, forward: BoolScalar | bool = True
    ) -> IntScalar:
        """The first slot."""
        del t0, step, may_reject, forward
        return self.first

    def prepare(
        self,
        t: RealScalar,
        end: RealScalar,
        h: RealScalar,
        nodes: tuple[float, ...],
        needs: frozenset[str],
        path_state: IntScalar,
    ) -> tuple[PyTree[Any], IntScalar]:
        """The drive in the slot, and the next slot."""
        del t, end, h, nodes, needs
        slot = jnp.minimum(path_state, self.following.shape[0] - 1)
        return tree.row(self.drives, slot), self.following[slot]

    def commit(self, accepted: BoolScalar, old: IntScalar, new: IntScalar) -> IntScalar:
        """The next slot after a step of this lane."""
        return jnp.where(accepted, new, old)

    def max_step(self, t: RealScalar, path_state: IntScalar) -> None:
        """Any length: the steps are known."""
        del t, path_state


class Playback(AbstractStepSizeController):
    """Takes the steps of a recorded grid again, as functions of what ended them.

    Attributes:
        taken: Its steps.
        following: The slot of the step after that in each slot; in some slots this lane has no step.
        problem: What is solved.
        controller: What chose the steps.
    """

    taken: Grid
    following: Array
    problem: Differentiable
    controller: AbstractStepSizeController

    @property
    def breaks(self) -> bool:
        """As the controller that made the grid."""
        return self.controller.breaks

    def breaks_at(self, t: Time) -> BoolScalar:
        """As the controller that made the grid."""
        return self.controller.breaks_at(t)

    @property
    def jumps(self) -> int:
        """As the controller that made the grid."""
        return self.controller.jumps

    def jump_at(self, t: Time) -> tuple[BoolScalar, IntScalar]:
        """As the controller that made the grid."""
        return self.controller.jump_at(t)

    @property
    def always_accepts(self) -> bool:
        """True: only empty slots are passed over."""
        return True

    def wrap(self, clock: Clock) -> "Playback":
        """Already in loop time."""
        del clock
        return self

    def check(self, t0: Time, t1: Time) -> int:
        """Nothing to check."""
        del t0, t1
        return SUCCESSFUL

    def init(
        self, slope: Callable[[Time, Y], Y], t0: Time, t1: Time, y0: Y, dt0: Time | None, error_order: RealScalar
    ) -> tuple[Plan, PyTree[Any]]:
        """The first slot."""
        del slope, t1, y0, dt0, error_order
        first = _slot_after(self.taken, jax.lax.stop_gradient(t0))
        return self._plan(t0, first), first

    def decide(self, trial: StepTrial, state: IntScalar) -> StepDecision:
        """Accepts what was accepted."""
        start, end = trial.step.start, trial.plan.end
        index = self.following[jnp.minimum(state, self.following.shape[0] - 1)]
        accepted = end > start
        return StepDecision(
            accepted=accepted,
            plan=self._plan(jnp.where(accepted, end, start), index),
            state=index,
            code=None,
            finite=all_finite(trial.y1) | ~accepted,
        )

    def _plan(self, start: Time, index: IntScalar) -> Plan:
        last = self.taken.ends.shape[0] - 1
        _, end, cause = self.taken.step(self.problem, jnp.minimum(index, last))
        recorded = (index < self.taken.length) & (end > start)
        return Plan(end=jnp.where(recorded, end_of(self.problem, start, end, cause), start), cause=cause)


def _slot_after(grid: Grid, t: Array) -> Array:
    """The slot of the first step that ends after a loop time."""
    slots = grid.ends.shape[0]
    ends = jnp.where(first_of(slots, grid.length), grid.ends, jnp.inf)
    return jnp.searchsorted(ends, t, side="right").astype(jnp.int32)
