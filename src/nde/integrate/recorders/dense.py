"""Every step, made ready for values inside it."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from nde.core import tree
from nde.core.count import count_if, first_of
from nde.core.lanes import any_lane
from nde.core.types import IntScalar
from nde.integrate.output import DenseStep
from nde.integrate.problem import Differentiable, Setup, dense_step, drive_of, fresh_start, init_path_state, step_map
from nde.integrate.recorders.base import AbstractRecorder, Attempt
from nde.stepping import span


class _Steps(eqx.Module):
    steps: DenseStep
    used: IntScalar


class DenseRecorder(AbstractRecorder):
    """Keeps each accepted step with its stages, for as many steps as `max_steps` allows.

    Attributes:
        max_steps: Room for them.
        collects: Whether a state is kept for each power of time in place of the stages.
    """

    max_steps: int = eqx.field(static=True)
    collects: bool = eqx.field(default=False, static=True)

    def init(self, problem: Differentiable, setup: Setup) -> _Steps:
        """Room for all steps."""

        def first_step() -> DenseStep:
            step = span(problem.t0, problem.t1)
            drive, _ = drive_of(problem, setup, step, init_path_state(problem, setup, step.start))
            start = fresh_start(problem, setup, step.start, problem.y0, problem.solver_state)
            out = step_map(problem, setup, step, start, drive)
            return self._kept(dense_step(problem, setup, step, problem.y0, out.stages, drive))

        step = jax.eval_shape(first_step)
        return _Steps(steps=tree.empty_rows(self.max_steps, step), used=jnp.asarray(0, jnp.int32))

    def write(self, problem: Differentiable, setup: Setup, store: _Steps, attempt: Attempt) -> _Steps:
        """One more step; of length zero in a lane that rejected it."""
        step = self._step(problem, setup, attempt)
        return _Steps(
            steps=tree.set_row(store.steps, store.used, step), used=count_if(store.used, any_lane(attempt.accepted))
        )

    def finish(self, store: _Steps) -> DenseStep:
        """The steps; the slots behind the last start and end at infinity."""
        used = first_of(self.max_steps, store.used)

        def ended(ts: Array) -> Array:
            return jnp.where(used, ts, jnp.inf)

        steps = store.steps
        return eqx.tree_at(lambda s: (s.start, s.end), steps, (ended(steps.start), ended(steps.end)))

    def _kept(self, step: DenseStep) -> DenseStep:
        return step.collected() if self.collects else step

    def _step(self, problem: Differentiable, setup: Setup, attempt: Attempt) -> DenseStep:
        end = attempt.recorded_end
        step = self._kept(dense_step(problem, setup, attempt.step, attempt.start.y, attempt.out.stages, attempt.drive))
        return eqx.tree_at(lambda s: s.end, step, end)
