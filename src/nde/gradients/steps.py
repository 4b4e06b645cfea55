"""The recorded steps of a solve as functions of its inputs.

A step is a map from `(start, y, solver state, cache, inputs)` to `(end, y, solver state, cache)` and to whatever was
saved at or inside it.
"""

import dataclasses
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.types import IntScalar, Time
from nde.integrate.output import AtSteps, AtTimes, DenseStep, DenseSteps, call_fn
from nde.integrate.problem import (
    Differentiable,
    Setup,
    begun,
    dense_step,
    drive_of,
    end_of,
    first_cache,
    restarted,
    step_map,
)
from nde.integrate.recorders import Grid
from nde.integrate.start import Start, carried_cache
from nde.stepping import span


class StepCarry(eqx.Module):
    """What one step hands to the next: where it starts, `None` if times are constants, and what it starts from."""

    t: Time | None
    start: Start


class Recorded(eqx.Module):
    """A step of the grid.

    Attributes:
        start: Its start.
        end: Its end.
        cause: What ended it.
        drive: What its stages saw of the path, if that was recorded or is noise.
        path_state: The path's state before it, if not.
    """

    start: Time
    end: Time
    cause: IntScalar
    drive: PyTree[Any]
    path_state: PyTree[Any]

    @property
    def counts(self) -> Array:
        """Whether this lane has a step in the slot."""
        return self.end > self.start


class StepOutput(eqx.Module):
    """What one step makes: the link to the next, and what was saved at or inside it."""

    after: StepCarry
    at_end: tuple[PyTree[Any], ...]
    dense: DenseStep | None


class Steps(eqx.Module):
    """All steps of a solve.

    Attributes:
        varying: The inputs that derivatives are wanted of.
        fixed: The other inputs.
        setup: The constants of the solve.
        grid: The recorded grid.
        ordinals: For each slot of the grid how many steps of this lane came before; only for noise.
        wanted: For each output whether a derivative comes back from it.
    """

    varying: PyTree[Array | None]
    fixed: PyTree[Any]
    setup: Setup
    grid: Grid
    ordinals: Array | None
    wanted: tuple[bool, ...] = eqx.field(static=True)

    @property
    def timed(self) -> bool:
        """Whether derivatives of times are wanted."""
        varying = self.varying
        times = [output.ts for output in varying.outputs if isinstance(output, AtTimes)]
        return any(t is not None for t in (varying.t0, varying.t1, varying.landmarks, *times))

    def here(self) -> Differentiable:
        """The problem that was solved."""
        return self.problem(self.varying)

    def problem(self, varying: PyTree[Array | None]) -> Differentiable:
        """The problem with these varying inputs."""
        return eqx.combine(varying, self.fixed)

    def sampled(self) -> list[tuple[int, AtTimes]]:
        """The outputs at given times that a derivative comes back from."""
        return [(i, o) for i, o in enumerate(self.here().outputs) if isinstance(o, AtTimes) and self.wanted[i]]

    def stepped(self) -> list[tuple[int, AtSteps | DenseSteps]]:
        """The outputs of every step that a derivative comes back from."""
        return [(i, o) for i, o in enumerate(self.here().outputs) if not isinstance(o, AtTimes) and self.wanted[i]]

    def recorded(self, index: IntScalar) -> Recorded:
        """A step of the grid."""
        start, end, cause = self.grid.step(self.here(), index)
        drive, path_state = tree.row(self.grid.drives, index), None
        if drive is None:
            step = index if self.ordinals is None else self.ordinals[index]
            path_state = begun(self.here(), self.setup, start, step)
            if self.ordinals is not None:
                drive = self.drive(Recorded(start, end, cause, None, path_state))
        return Recorded(start, end, cause, drive, path_state)

    def drive(self, step: Recorded) -> PyTree[Any]:
        """What the stages of a step see of the path."""
        if step.drive is not None:
            return step.drive
        return drive_of(self.here(), self._sharing, span(step.start, step.end), step.path_state)[0]

    @property
    def _sharing(self) -> Setup:
        """The setup of a step that is pulled back, in which noise is used again and again."""
        return dataclasses.replace(self.setup, shares_drive=self.ordinals is not None)

    def links(self, step: Recorded, start: Start) -> StepCarry:
        """What is handed to a recorded step."""
        return StepCarry(step.start if self.timed else None, start)

    def make(self, varying: PyTree[Array | None], before: StepCarry, recorded: Recorded) -> StepOutput:
        """The map of one step."""
        problem, setup = self.problem(varying), self.setup
        y, state, cache = before.start.y, before.start.solver_state, before.start.cache
        start = recorded.start if before.t is None else before.t
        end = recorded.end if before.t is None else end_of(problem, start, recorded.end, recorded.cause)
        step = span(start, end)
        drive = recorded.drive
        if drive is None:
            drive, _ = drive_of(problem, setup, step, recorded.path_state)
        if cache is None:
            cache = first_cache(problem, setup, start, y, state)
        out = step_map(problem, setup, step, y, state, cache, drive)

        def dense() -> DenseStep:
            return dense_step(problem, setup, step, y, out.stages, drive)

        def at_end(output: AtSteps | DenseSteps) -> PyTree[Any]:
            if isinstance(output, DenseSteps):
                return dense()
            return end, call_fn(output.fn, setup.real(end), out.y, problem.args)

        after = Start(out.y, restarted(problem, setup, end, out.y, out.state), carried_cache(setup, out.cache))
        return StepOutput(
            after=StepCarry(None if before.t is None else end, after),
            at_end=tuple(at_end(output) for _, output in self.stepped()),
            dense=dense() if self.sampled() else None,
        )

    def alone(self, index: IntScalar) -> "Steps":
        """The steps when only this one is made: the table of drives, if there is one, has its row alone.

        Otherwise each step would make a cotangent of the whole table. The step finds its row whatever its number, for
        JAX clamps indices.
        """
        return dataclasses.replace(
            self, varying=self.with_row(self.varying, index), fixed=self.with_row(self.fixed, index)
        )

    def with_row(self, part: PyTree[Any], index: IntScalar) -> PyTree[Any]:
        """A part of the problem with one row of the table of drives, if there is a table."""
        if self.here().drives is None:
            return part
        return _with_drives(part, jax.tree.map(lambda x: jax.lax.dynamic_slice_in_dim(x, index, 1), part.drives))

    def with_table(self, part: PyTree[Any], whole: PyTree[Any], index: IntScalar) -> PyTree[Any]:
        """A part with one row of the table again with the whole of it, in which the row is written."""
        if self.here().drives is None:
            return part

        def write(table: Array, row: Array) -> Array:
            return jax.lax.dynamic_update_slice_in_dim(table, row, index, 0)

        return _with_drives(part, jax.tree.map(write, whole.drives, part.drives))


def _with_drives(problem: PyTree[Any], drives: PyTree[Array]) -> PyTree[Any]:
    """A part of a problem with other drives."""
    return eqx.tree_at(lambda p: p.drives, problem, drives, is_leaf=lambda x: x is None)


def steps_of(
    varying: PyTree[Array | None], fixed: PyTree[Any], setup: Setup, grid: Grid, saved: tuple[PyTree[Any], ...]
) -> Steps:
    """The steps of a solve, of whose outputs the cotangents are given, `None` where one is zero."""
    problem: Differentiable = eqx.combine(varying, fixed)
    ordinals = grid.ordinals(problem) if problem.term.noisy else None
    wanted = tuple(bool(jax.tree.leaves(cotangent)) for cotangent in saved)
    return Steps(varying, fixed, setup, grid, ordinals, wanted)
