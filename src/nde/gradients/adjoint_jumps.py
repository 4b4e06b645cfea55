"""Times at which the cotangent of the solution jumps on the way back: saved values, records of steps, landmarks."""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.core import tree
from nde.core.types import BoolScalar, IntScalar, Time, Y
from nde.gradients.inputs import Inputs
from nde.gradients.primitive import Levels
from nde.gradients.pull import fill_cotangents, vjp
from nde.integrate.outcome import Outcome
from nde.integrate.output import AtSteps, AtTimes, DenseStep, Saved, call_fn
from nde.integrate.problem import (
    Differentiable,
    Setup,
    dense_step,
    drive_of,
    fresh_start,
    init_path_state,
    slope,
    solver_of,
    step_map,
)
from nde.stepping import span

Change = tuple[PyTree[Array], Y]
"""Of the cotangents of the inputs and of the solution."""


class AbstractAdjointJumps(eqx.Module):
    """Times of one kind at which the cotangent jumps.

    Attributes:
        inputs: The inputs of the solve.
        ts: Its loop times, in any order; infinite where there is none.
    """

    inputs: eqx.AbstractVar[Inputs]
    ts: eqx.AbstractVar[Array]

    @abc.abstractmethod
    def change(self, levels: Levels, row: IntScalar, due: BoolScalar, y: Y, a: Y) -> Change:
        """What changes at one of them; nothing if it is not due.

        Args:
            levels: Surrounding lanes whose cotangents of shared inputs are summed.
            row: Which of the times.
            due: Whether it is its turn.
            y: The solution there.
            a: Its cotangent behind that time.
        """


class AbstractSaved(AbstractAdjointJumps):
    """Times at which something was saved.

    Attributes:
        given: The cotangent of all that was saved, rows first.
    """

    given: eqx.AbstractVar[PyTree[Any]]

    @abc.abstractmethod
    def value(self, problem: Differentiable, row: IntScalar, y: Y) -> PyTree[Any]:
        """What was saved in a row, as a function of the inputs and of the solution there."""

    def change(self, levels: Levels, row: IntScalar, due: BoolScalar, y: Y, a: Y) -> Change:
        """The pull-back of what was saved."""
        del a
        values, pull = vjp(levels, _saved, self.inputs.varying, y, (self, row))
        return pull(fill_cotangents(self.given, values, lambda g, _: jnp.where(due, tree.row(g, row), 0)))


class SavedAtTimes(AbstractSaved):
    """Those that were given.

    Attributes:
        output: The number of the output.
    """

    inputs: Inputs
    ts: Array
    given: PyTree[Any]
    output: int = eqx.field(static=True)

    def value(self, problem: Differentiable, row: IntScalar, y: Y) -> PyTree[Any]:
        """That of the save function."""
        output = problem.outputs[self.output]
        assert isinstance(output, AtTimes)
        t = output.ts[row]
        return call_fn(output.fn, self.inputs.setup.real(t), _moved(self.inputs, problem, t, y), problem.args)


class SavedAtSteps(AbstractSaved):
    """The ends of steps of the forward solve.

    Attributes:
        output: The number of the output.
    """

    inputs: Inputs
    ts: Array
    given: PyTree[Any]
    output: int = eqx.field(static=True)

    def value(self, problem: Differentiable, row: IntScalar, y: Y) -> PyTree[Any]:
        """The time, and the value of the save function."""
        output = problem.outputs[self.output]
        assert isinstance(output, AtSteps)
        setup = self.inputs.setup
        t = moving_time(problem, setup, _time_in(self.inputs, self.ts, row))
        return t, call_fn(output.fn, setup.real(t), _moved(self.inputs, problem, t, y), problem.args)


class SavedDenseSteps(AbstractSaved):
    """The starts of steps of the forward solve, all of which were recorded.

    Attributes:
        ends: Their ends.
    """

    inputs: Inputs
    ts: Array
    given: PyTree[Any]
    ends: Array

    def value(self, problem: Differentiable, row: IntScalar, y: Y) -> DenseStep:
        """The record of the step from there."""
        setup = self.inputs.setup
        start, end = (_time_in(self.inputs, ts, row) for ts in (self.ts, self.ends))
        step = span(moving_time(problem, setup, start), moving_time(problem, setup, end))
        y = _moved(self.inputs, problem, step.start, y)
        state = solver_of(problem, setup).init(problem.term, setup.real(step.start), y, problem.args)
        drive, _ = drive_of(problem, setup, step, init_path_state(problem, setup, step.start, row))
        out = step_map(problem, setup, step, fresh_start(problem, setup, step.start, y, state), drive)
        return dense_step(problem, setup, step, y, out.stages, drive)


class LandmarkJumps(AbstractAdjointJumps):
    """The landmarks of the solve, where its vector field may jump: the cotangent of one is `a (f(t-) - f(t+))`."""

    inputs: Inputs
    ts: Array

    def change(self, levels: Levels, row: IntScalar, due: BoolScalar, y: Y, a: Y) -> Change:
        """What the jump does to the cotangent of its time."""
        problem, setup = self.inputs.problem, self.inputs.setup
        t = self.ts[row]
        margin = _margin(problem, setup, t)
        before, after = (slope(problem, setup, at, y) for at in (t - margin, t + margin))
        moved = cotangent_product(a, tree.minus(before, after), t)
        _, pull = vjp(levels, _landmark, self.inputs.varying, None, row)
        inputs, _ = pull(jnp.where(due, moved, 0))
        return inputs, tree.zeros_like(y)


def _saved(varying: PyTree[Array | None], y: Y, fixed: tuple[AbstractSaved, IntScalar]) -> PyTree[Any]:
    """What was saved in a row."""
    jumps, row = fixed
    return jumps.value(jumps.inputs.problem_with(varying), row, y)


def _time_in(inputs: Inputs, ts: Array, row: IntScalar) -> Time:
    """The time in a row; the start of the solve where there is none, for vector fields are not for infinity."""
    t = ts[row]
    return jnp.where(jnp.isfinite(t), t, jax.lax.stop_gradient(inputs.problem.t0))


def _moved(inputs: Inputs, problem: Differentiable, t: Time, y: Y) -> Y:
    """A state at a time, which moves with it."""
    if not inputs.timed:
        return y
    return tree.add(y, tree.scaled(slope(problem, inputs.setup, t, y), t - jax.lax.stop_gradient(t)))


def _landmark(varying: PyTree[Array | None], _: None, row: IntScalar) -> Time:
    """One of the landmarks."""
    return varying.landmarks[row]


def adjoint_jumps_of(inputs: Inputs, ended: Outcome, cotangent: Outcome) -> list[AbstractAdjointJumps]:
    """All kinds of times that a solve has, of which a derivative comes back."""
    problem, t1 = inputs.problem, ended.t
    jumps: list[AbstractAdjointJumps] = []
    for i, (output, saved, given) in enumerate(zip(problem.outputs, ended.saved, cotangent.saved, strict=True)):
        if not jax.tree.leaves(given):
            continue
        if isinstance(output, AtTimes):
            ts = jax.lax.stop_gradient(output.ts)
            jumps.append(SavedAtTimes(inputs, jnp.where(ts <= t1, ts, jnp.inf), given, i))
        elif isinstance(output, AtSteps):
            assert isinstance(saved, Saved)
            jumps.append(SavedAtSteps(inputs, saved.ts, (given.ts, given.ys), i))
        else:
            jumps.append(SavedDenseSteps(inputs, saved.start, given, saved.end))
    if inputs.varying.landmarks is not None:
        assert problem.landmarks is not None
        ts = jax.lax.stop_gradient(problem.landmarks)
        jumps.append(LandmarkJumps(inputs, jnp.where((ts > problem.t0) & (ts < t1), ts, jnp.inf)))
    return jumps


def moving_time(problem: Differentiable, setup: Setup, t: Time) -> Time:
    """The start or end of a step as a function of the last time before it that was given from outside.

    A chosen step has a constant length, one that a given time ended moves with that time.
    """
    given = jnp.stack([problem.t1, problem.t0])
    if problem.landmarks is not None:
        given = jnp.concatenate([given, jnp.clip(problem.landmarks, problem.t0, problem.t1)])
    known = jax.lax.stop_gradient(given)
    source = given[jnp.argmax(jnp.where(known <= t + _margin(problem, setup, t), known, -jnp.inf))]
    return jax.lax.stop_gradient(t - source) + source


def cotangent_product(a: Y, f: Y, like: Float[Array, ""]) -> Float[Array, ""]:
    """The product of a cotangent with a derivative of the state, in the dtype of another number."""
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(f), strict=True)
    return sum((jnp.real(jnp.sum(x * y)).astype(like.dtype) for x, y in pairs), jnp.zeros_like(like))


def _margin(problem: Differentiable, setup: Setup, t: Time) -> Time:
    """How far from a jump there is no doubt on which side of it a time is."""
    size = jnp.maximum(jnp.maximum(jnp.abs(problem.t0), jnp.abs(problem.t1)), jnp.abs(t))
    return 2 * setup.clock.blur(size)
