"""The pull-back of a recorded solve: its steps replayed backward, each with its known size.

A step is a map from `(start, y, solver state, cache, inputs)` to `(end, y, solver state, cache)` and to whatever was
saved at or inside it. Going backward over the tape, each step's map is linearized at its recorded state and the
cotangents are pulled back through it. No rejected step, no controller and no error estimate is met again.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.lanes import any_lane
from nde.core.types import IntScalar, Time
from nde.gradients.stack import Stack, stack_of
from nde.integrate.outcome import Outcome
from nde.integrate.output import AtSteps, AtTimes, DenseStep, DenseSteps, call_fn
from nde.integrate.problem import Differentiable, Setup, begun, dense_step, drive_of, end_of, first_cache, step_map
from nde.integrate.recorders import Tape
from nde.integrate.start import Start, completed, first_start, handed_on, retained
from nde.stepping import span


class Links(eqx.Module):
    """What one step hands to the next: where it starts, `None` if times are constants, and what it starts from."""

    t: Time | None
    start: Start


class Recorded(eqx.Module):
    """A step of the tape.

    Attributes:
        start: Its start.
        end: Its end.
        cause: What ended it.
        drive: What its stages saw of the path, if that was recorded or is noise.
        place: The path's place before it, if not.
    """

    start: Time
    end: Time
    cause: IntScalar
    drive: PyTree[Any]
    place: PyTree[Any]


class Made(eqx.Module):
    """What one step makes: the link to the next, and what was saved at or inside it."""

    after: Links
    at_end: tuple[PyTree[Any], ...]
    inside: DenseStep | None


class Sweep(eqx.Module):
    """What the backward sweep carries.

    Attributes:
        stack: The states at hand.
        step: The step to be pulled back is the one before this.
        after: Cotangent of what that step hands on.
        inputs: Cotangent of the solve's inputs, as far as it has grown.
        steps: How many accepted steps of this lane are left.
        times: For each output at given times the index of the last one left.
    """

    stack: Stack
    step: IntScalar
    after: Links
    inputs: PyTree[Array]
    steps: IntScalar
    times: tuple[IntScalar, ...]


class Replay(eqx.Module):
    """The pull-back of a solve.

    Attributes:
        varying: The inputs that derivatives are wanted of.
        fixed: The other inputs.
        setup: The constants of the solve.
        tape: The recorded solve.
        outcome: The cotangent of the outcome, `None` where it is zero.
        end: Where the solve ended, in loop time.
        accepted: How many steps counted.
        ordinals: For each slot of the tape how many steps of this lane came before; only for noise.
    """

    varying: PyTree[Array | None]
    fixed: PyTree[Any]
    setup: Setup
    tape: Tape
    outcome: Outcome
    end: Time
    accepted: IntScalar
    ordinals: Array | None = None

    def run(self, last: Links, all_kept: bool) -> PyTree[Array | None]:
        """The cotangent of the varying inputs.

        Args:
            last: The solve's last state.
            all_kept: Whether the tape is known to hold all states.
        """
        sweep = Sweep(
            stack=stack_of(self.tape),
            step=self.tape.length,
            after=self.last_cotangent(last),
            inputs=jax.tree.map(jnp.zeros_like, self.varying),
            steps=self.accepted,
            times=self.last_times(),
        )
        back = self._pull_step if all_kept else self._restore_and_pull
        sweep = jax.lax.while_loop(lambda s: s.step > 0, lambda s: back(s), sweep)
        return self.add_start(sweep.inputs, sweep.after)

    def problem(self, varying: PyTree[Array | None]) -> Differentiable:
        """The problem with these varying inputs."""
        return eqx.combine(varying, self.fixed)

    def last_times(self) -> tuple[IntScalar, ...]:
        """For each output at given times the index of the last one that the solve reached."""
        return tuple(jnp.searchsorted(o.ts, self.end, side="right").astype(jnp.int32) - 1 for _, o in self.sampled())

    def last_cotangent(self, last: Links) -> Links:
        """The cotangent of the solve's last state."""
        cache = handed_on(self.setup, self.outcome.solver_cache)
        start = Start(self.outcome.y, self.outcome.solver_state, cache)
        given = Links(self.outcome.t if self.timed else None, start)
        return filled(
            given, eqx.tree_at(lambda x: x.t, last, last.t if self.timed else None, is_leaf=lambda x: x is None)
        )

    @property
    def timed(self) -> bool:
        """Whether derivatives of times are wanted."""
        varying = self.varying
        times = [output.ts for output in varying.outputs if isinstance(output, AtTimes)]
        return any(t is not None for t in (varying.t0, varying.t1, varying.landmarks, *times))

    def recorded(self, index: IntScalar) -> Recorded:
        """A step of the tape."""
        start, end, cause = self.tape.step(self.here(), index)
        drive, place = tree.row(self.tape.drives, index), None
        if drive is None:
            step = index if self.ordinals is None else self.ordinals[index]
            place = begun(self.here(), self.setup, start, step)
            if self.ordinals is not None:
                drive, _ = drive_of(self.here(), self._sharing, span(start, end), place)
        return Recorded(start, end, cause, drive, place)

    @property
    def _sharing(self) -> Setup:
        """The setup of a step that is pulled back, in which noise is used again and again."""
        return dataclasses.replace(self.setup, shares_drive=True)

    def links(self, step: Recorded, start: Start) -> Links:
        """What is handed to a recorded step."""
        return Links(step.start if self.timed else None, start)

    def here(self) -> Differentiable:
        """The problem that was solved."""
        return self.problem(self.varying)

    def sampled(self) -> list[tuple[int, AtTimes]]:
        """The outputs at given times that a derivative comes back from."""
        outputs = enumerate(self.here().outputs)
        return [(i, o) for i, o in outputs if isinstance(o, AtTimes) and jax.tree.leaves(self.outcome.saved[i])]

    def stepped(self) -> list[tuple[int, AtSteps | DenseSteps]]:
        """The outputs of every step that a derivative comes back from."""
        outputs = enumerate(self.here().outputs)
        return [(i, o) for i, o in outputs if not isinstance(o, AtTimes) and jax.tree.leaves(self.outcome.saved[i])]

    def make(self, varying: PyTree[Array | None], before: Links, recorded: Recorded) -> Made:
        """The map of one step."""
        problem, setup = self.problem(varying), self.setup
        y, state, cache = before.start.y, before.start.solver_state, before.start.cache
        start = recorded.start if before.t is None else before.t
        end = recorded.end if before.t is None else end_of(problem, start, recorded.end, recorded.cause)
        step = span(start, end)
        drive = recorded.drive
        if drive is None:
            drive, _ = drive_of(problem, setup, step, recorded.place)
        if cache is None:
            cache = first_cache(problem, setup, start, y, state)
        out = step_map(problem, setup, step, y, state, cache, drive)

        def inside() -> DenseStep:
            return dense_step(problem, setup, step, y, out.stages, drive)

        def at_end(output: AtSteps | DenseSteps) -> PyTree[Any]:
            if isinstance(output, DenseSteps):
                return inside()
            return end, call_fn(output.fn, setup.real(end), out.y, problem.args)

        return Made(
            after=Links(None if before.t is None else end, Start(out.y, out.state, handed_on(setup, out.cache))),
            at_end=tuple(at_end(output) for _, output in self.stepped()),
            inside=inside() if self.sampled() else None,
        )

    def _restore_and_pull(self, sweep: Sweep) -> Sweep:
        """Walks forward from the last kept state to the step in question, keeping states on the way; then pulls."""
        wanted = sweep.step - 1
        kept, state = sweep.stack.top()
        free = sweep.stack.free
        distance = wanted - kept
        sparse = -(-distance // (jnp.maximum(1, (free + 1) // 2) + 1))
        spacing = jnp.where(distance <= free, 1, jnp.maximum(1, sparse))

        def walk(carry: tuple[Stack, IntScalar, Start]) -> tuple[Stack, IntScalar, Start]:
            stack, at, start = carry
            step = self.recorded(at)
            made = self.make(self.varying, self.links(step, start), step)
            moved = tree.where(step.end > step.start, retained(self.setup, made.after.start), start)
            keep = ((at + 1 - kept) % spacing == 0) & (stack.free > 0)
            return stack.push(at + 1, moved, keep), at + 1, moved

        stack, _, state = jax.lax.while_loop(lambda c: c[1] < wanted, walk, (sweep.stack, kept, state))
        return self._pull(dataclasses.replace(sweep, stack=stack), state)

    def _pull_step(self, sweep: Sweep) -> Sweep:
        _, start = sweep.stack.top()
        return self._pull(sweep, start)

    def _pull(self, sweep: Sweep, start: Start) -> Sweep:
        """Pulls the cotangents back through one step that starts there."""
        index = sweep.step - 1
        step = self.recorded(index)
        counts = step.end > step.start
        before = self.links(step, completed(self.here(), self.setup, step.start, start))
        alone = self._alone(index)
        made, pull = jax.vjp(lambda varying, links: alone.make(varying, links, step), alone.varying, before)
        inputs, times, inside = self._with_row(sweep.inputs, index), sweep.times, None
        if made.inside is not None:
            inside, inputs, times = alone.pull_samples(made.inside, index, inputs, times)
        at_end = tuple(
            self.stepped_cotangent(i, o, index, sweep.steps, counts, value)
            for (i, o), value in zip(self.stepped(), made.at_end, strict=True)
        )
        more, links = pull(Made(after=self._counting(counts, sweep.after), at_end=at_end, inside=inside))
        return Sweep(
            stack=sweep.stack.without(index),
            step=index,
            after=self._passed(counts, links, sweep.after),
            inputs=self._with_table(tree.add(inputs, more), sweep.inputs, index),
            steps=sweep.steps - counts,
            times=times,
        )

    def _alone(self, index: IntScalar) -> "Replay":
        """The replay of one step, in which the table of drives has the row of this step alone.

        Otherwise each step would make a cotangent of the whole table. The step finds its row whatever its number, for
        JAX clamps indices.
        """
        return dataclasses.replace(
            self, varying=self._with_row(self.varying, index), fixed=self._with_row(self.fixed, index)
        )

    def _with_row(self, part: PyTree[Any], index: IntScalar) -> PyTree[Any]:
        """A part of the problem with one row of the table of drives, if there is a table."""
        if self.here().drives is None:
            return part
        return _with_drives(part, jax.tree.map(lambda x: jax.lax.dynamic_slice_in_dim(x, index, 1), part.drives))

    def _with_table(self, part: PyTree[Any], whole: PyTree[Any], index: IntScalar) -> PyTree[Any]:
        """A part with one row of the table again with the whole of it, in which the row is written."""
        if self.here().drives is None:
            return part

        def write(table: Array, row: Array) -> Array:
            return jax.lax.dynamic_update_slice_in_dim(table, row, index, 0)

        return _with_drives(part, jax.tree.map(write, whole.drives, part.drives))

    def _carries(self, links: Links) -> bool:
        """Whether a step of no length is not the identity, for more than states is handed on."""
        return bool(jax.tree.leaves((links.start.solver_state, links.start.cache)))

    def _counting(self, counts: Array, after: Links) -> Links:
        """The cotangent of what a step hands on; zero where a lane has no step."""
        return tree.where(counts, after, tree.zeros_like(after)) if self._carries(after) else after

    def _passed(self, counts: Array, links: Links, after: Links) -> Links:
        """The cotangent of what a step starts from; where a lane has no step, that of what comes after."""
        return tree.where(counts, links, after) if self._carries(after) else links

    def stepped_cotangent(
        self, i: int, output: AtSteps | DenseSteps, index: IntScalar, steps: IntScalar, counts: Array, value: Any
    ) -> PyTree[Any]:
        """The cotangent of what an output saved of this step; zero where it saved nothing."""
        given = self.outcome.saved[i]
        if isinstance(output, DenseSteps):
            return filled(given, value, lambda g, _: tree.row(g, index))
        due = counts & (steps % output.every == 0)
        place = jnp.maximum(steps // output.every - 1, 0)

        return filled((given.ts, given.ys), value, lambda g, _: jnp.where(due, tree.row(g, place), 0))

    def pull_samples(
        self, step: DenseStep, index: IntScalar, inputs: PyTree[Array], times: tuple[IntScalar, ...]
    ) -> tuple[DenseStep, PyTree[Array], tuple[IntScalar, ...]]:
        """Pulls the values saved inside a step back to the step; the last of each output's come first."""
        total = tree.zeros_like(step)
        lefts = []
        for (i, output), before in zip(self.sampled(), times, strict=True):
            pull = self._sample_puller(i, output, step, index)
            left, total, inputs = pull(before, total, inputs)
            lefts.append(left)
        return total, inputs, tuple(lefts)

    def _sample_puller(self, i: int, output: AtTimes, step: DenseStep, index: IntScalar) -> Callable[..., Any]:
        given = self.outcome.saved[i]

        def inside(left: IntScalar) -> Array:
            at = output.ts[jnp.maximum(left, 0)]
            return (left >= 0) & ((at > step.start) | (index == 0))

        def value(varying: PyTree[Array | None], step: DenseStep, left: IntScalar) -> PyTree[Any]:
            problem = self.problem(varying)
            wanted = problem.outputs[i]
            assert isinstance(wanted, AtTimes)
            at = wanted.ts[left]
            return call_fn(wanted.fn, self.setup.real(at), step.value(at), problem.args)

        def back(carry: tuple[IntScalar, DenseStep, PyTree[Array]]) -> tuple[IntScalar, DenseStep, PyTree[Array]]:
            left, total, inputs = carry
            now, row = inside(left), jnp.maximum(left, 0)
            values, pull = jax.vjp(lambda varying, step: value(varying, step, row), self.varying, step)

            more, change = pull(filled(given, values, lambda g, _: jnp.where(now, tree.row(g, row), 0)))
            return left - now, tree.add(total, change), tree.add(inputs, more)

        def run(left: IntScalar, total: DenseStep, inputs: PyTree[Array]) -> tuple[IntScalar, DenseStep, PyTree[Array]]:
            return jax.lax.while_loop(lambda c: any_lane(inside(c[0])), back, (left, total, inputs))

        return run

    def add_start(self, inputs: PyTree[Array], start: Links) -> PyTree[Array | None]:
        """The cotangents of the inputs, with what reached the start of the first step."""

        def first(varying: PyTree[Array | None]) -> Links:
            problem = self.problem(varying)
            return Links(problem.t0 if self.timed else None, first_start(problem, self.setup))

        _, pull = jax.vjp(first, self.varying)
        (more,) = pull(start)
        return tree.add(inputs, more)


def _with_drives(problem: PyTree[Any], drives: PyTree[Array]) -> PyTree[Any]:
    """A part of a problem with other drives."""
    return eqx.tree_at(lambda p: p.drives, problem, drives, is_leaf=lambda x: x is None)


def filled(given: PyTree[Any], like: PyTree[Any], change: Callable[[Array, Array], Array] | None = None) -> Any:
    """Cotangents for values like these: zero where none is given, else as given, or as `change(given, value)` says."""

    def leaf(x: Array | None, g: Array | None) -> Any:
        if x is None:
            return None
        if not jnp.issubdtype(x.dtype, jnp.inexact):
            return np.zeros(x.shape, jax.dtypes.float0)
        if g is None:
            return jnp.zeros_like(x)
        return g if change is None else change(g, x)

    return jax.tree.map(leaf, like, given, is_leaf=lambda x: x is None)
