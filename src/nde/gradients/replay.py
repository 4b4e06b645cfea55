"""The pull-back of a recorded solve: its steps replayed backward, each with its known size.

Going backward over the grid, the map of each step is linearized at its start and the cotangents are pulled back through
it. No rejected step, no controller and no error estimate is met again.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.count import count_down_if
from nde.core.lanes import any_lane
from nde.core.types import IntScalar
from nde.gradients.primitive import Levels
from nde.gradients.pull import fill_cotangents, vjp
from nde.gradients.starts import AbstractStarts
from nde.gradients.steps import Recorded, StepCarry, StepOutput, Steps
from nde.integrate.outcome import Outcome
from nde.integrate.output import AtSteps, AtTimes, DenseStep, DenseSteps, call_fn
from nde.integrate.start import carried_cache, first_start
from nde.solvers import StepStart


class Sweep(eqx.Module):
    """What the backward sweep carries.

    Attributes:
        starts: What the steps before this one start from.
        step: The step to be pulled back is the one before this.
        after: Cotangent of what that step hands on.
        inputs: Cotangent of the solve's inputs, as far as it has grown.
        left: How many accepted steps of this lane are left.
        times: For each output at given times the index of the last one left.
    """

    starts: AbstractStarts
    step: IntScalar
    after: StepCarry
    inputs: PyTree[Array]
    left: IntScalar
    times: tuple[IntScalar, ...]


class Replay(eqx.Module):
    """The pull-back of a solve.

    Attributes:
        steps: The steps of the solve.
        ended: How it ended.
        cotangent: The cotangent of that, `None` where it is zero.
        levels: Surrounding lanes that share some of the inputs.
    """

    steps: Steps
    ended: Outcome
    cotangent: Outcome
    levels: Levels = ()

    def run(self, starts: AbstractStarts) -> PyTree[Array | None]:
        """The cotangent of the varying inputs.

        Args:
            starts: What the steps start from.
        """
        sweep = Sweep(
            starts=starts,
            step=self.steps.grid.length,
            after=self.last_cotangent(),
            inputs=jax.tree.map(jnp.zeros_like, self.steps.inputs.varying),
            left=self.ended.accepted,
            times=self.last_times(),
        )
        sweep = jax.lax.while_loop(lambda s: s.step > 0, lambda s: self._pull(s), sweep)
        return self.add_start(sweep.inputs, sweep.after)

    def last_times(self) -> tuple[IntScalar, ...]:
        """For each output at given times the index of the last one that the solve reached."""
        end = self.ended.t
        return tuple(jnp.searchsorted(o.ts, end, side="right").astype(jnp.int32) - 1 for _, o in self.steps.sampled())

    def last_cotangent(self) -> StepCarry:
        """The cotangent of the solve's last state."""

        def carry(outcome: Outcome) -> StepCarry:
            cache = carried_cache(self.steps.inputs.setup, outcome.solver_cache)
            t = outcome.t if self.steps.inputs.timed else None
            return StepCarry(t, StepStart(outcome.y, outcome.solver_state, cache))

        return fill_cotangents(carry(self.cotangent), carry(self.ended))

    def _pull(self, sweep: Sweep) -> Sweep:
        """Pulls the cotangents back through one step."""
        steps, index = self.steps, sweep.step - 1
        step = steps.recorded(index)
        start, starts = sweep.starts.before(steps, index, step)
        single = steps.single_step(index)
        out, pull = vjp(self.levels, _step_output, single.inputs.varying, steps.carry(step, start), (single, step))
        inputs, times, dense = steps.with_row(sweep.inputs, index), sweep.times, None
        if out.dense is not None:
            dense, inputs, times = self.pull_samples(single, out.dense, index, inputs, times)
        at_end = tuple(
            self.stepped_cotangent(i, o, index, sweep.left, step.counts, value)
            for (i, o), value in zip(steps.stepped(), out.at_end, strict=True)
        )
        more, carry = pull(StepOutput(after=self._counting(step.counts, sweep.after), at_end=at_end, dense=dense))
        return Sweep(
            starts=starts,
            step=index,
            after=self._passed(step.counts, carry, sweep.after),
            inputs=steps.with_table(tree.add(inputs, more), sweep.inputs, index),
            left=count_down_if(sweep.left, step.counts),
            times=times,
        )

    def _carries(self, carry: StepCarry) -> bool:
        """Whether a step of no length is not the identity, for more than states is handed on."""
        return bool(jax.tree.leaves((carry.start.solver_state, carry.start.cache)))

    def _counting(self, counts: Array, after: StepCarry) -> StepCarry:
        """The cotangent of what a step hands on; zero where a lane has no step."""
        return tree.where(counts, after, tree.zeros_like(after)) if self._carries(after) else after

    def _passed(self, counts: Array, carry: StepCarry, after: StepCarry) -> StepCarry:
        """The cotangent of what a step starts from; where a lane has no step, that of what comes after."""
        return tree.where(counts, carry, after) if self._carries(after) else carry

    def stepped_cotangent(
        self, i: int, output: AtSteps | DenseSteps, index: IntScalar, left: IntScalar, counts: Array, value: Any
    ) -> PyTree[Any]:
        """The cotangent of what an output saved of this step; zero where it saved nothing."""
        given = self.cotangent.saved[i]
        if isinstance(output, DenseSteps):
            return fill_cotangents(given, value, lambda g, _: tree.row(g, index))
        due = counts & (left % output.every == 0)
        place = jnp.maximum(left // output.every - 1, 0)

        return fill_cotangents((given.ts, given.ys), value, lambda g, _: jnp.where(due, tree.row(g, place), 0))

    def pull_samples(
        self, steps: Steps, step: DenseStep, index: IntScalar, inputs: PyTree[Array], times: tuple[IntScalar, ...]
    ) -> tuple[DenseStep, PyTree[Array], tuple[IntScalar, ...]]:
        """Pulls the values saved inside a step back to the step; the last of each output's come first."""
        total = tree.zeros_like(step)
        lefts = []
        for (i, output), before in zip(steps.sampled(), times, strict=True):
            pull = self._sample_puller(steps, i, output, step, index)
            left, total, inputs = pull(before, total, inputs)
            lefts.append(left)
        return total, inputs, tuple(lefts)

    def _sample_puller(
        self, steps: Steps, i: int, output: AtTimes, step: DenseStep, index: IntScalar
    ) -> Callable[..., Any]:
        given = self.cotangent.saved[i]

        def inside(left: IntScalar) -> Array:
            at = output.ts[jnp.maximum(left, 0)]
            return (left >= 0) & ((at > step.start) | (index == 0))

        def value(varying: PyTree[Array | None], step: DenseStep, fixed: tuple[Steps, IntScalar]) -> PyTree[Any]:
            steps, left = fixed
            problem = steps.inputs.problem_with(varying)
            wanted = problem.outputs[i]
            assert isinstance(wanted, AtTimes)
            at = wanted.ts[left]
            return call_fn(wanted.fn, steps.inputs.setup.real(at), step.value(at), problem.args)

        def back(carry: tuple[IntScalar, DenseStep, PyTree[Array]]) -> tuple[IntScalar, DenseStep, PyTree[Array]]:
            left, total, inputs = carry
            now, row = inside(left), jnp.maximum(left, 0)
            values, pull = vjp(self.levels, value, steps.inputs.varying, step, (steps, row))
            more, change = pull(fill_cotangents(given, values, lambda g, _: jnp.where(now, tree.row(g, row), 0)))
            return count_down_if(left, now), tree.add(total, change), tree.add(inputs, more)

        def run(left: IntScalar, total: DenseStep, inputs: PyTree[Array]) -> tuple[IntScalar, DenseStep, PyTree[Array]]:
            return jax.lax.while_loop(lambda c: any_lane(inside(c[0])), back, (left, total, inputs))

        return run

    def add_start(self, inputs: PyTree[Array], start: StepCarry) -> PyTree[Array | None]:
        """The cotangents of the inputs, with what reached the start of the first step."""
        _, pull = vjp(self.levels, _first, self.steps.inputs.varying, None, self.steps)
        more, _ = pull(start)
        return tree.add(inputs, more)


def _step_output(varying: PyTree[Array | None], carry: StepCarry, fixed: tuple[Steps, Recorded]) -> StepOutput:
    """What a step makes."""
    steps, step = fixed
    return steps.make(varying, carry, step)


def _first(varying: PyTree[Array | None], _: None, steps: Steps) -> StepCarry:
    """What the first step starts from."""
    problem = steps.inputs.problem_with(varying)
    return StepCarry(problem.t0 if steps.inputs.timed else None, first_start(problem, steps.inputs.setup))
