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
from nde.gradients.inputs import Inputs
from nde.integrate.output import AtSteps, AtTimes, DenseStep, DenseSteps, Output, call_fn
from nde.integrate.problem import (
    Setup,
    dense_step,
    drive_of,
    end_of,
    fresh_start,
    init_path_state,
    restart_solver_state,
    step_map,
)
from nde.integrate.recorders import Grid
from nde.integrate.start import carried_cache
from nde.solvers import StepStart
from nde.stepping import span


class StepCarry(eqx.Module):
    """What one step hands to the next: where it starts, `None` if times are constants, and what it starts from."""

    t: Time | None
    start: StepStart


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
        inputs: The inputs of the solve.
        grid: The recorded grid.
        ordinals: For each slot of the grid how many steps of this lane came before; only for noise.
        wanted: For each output whether a derivative comes back from it.
    """

    inputs: Inputs
    grid: Grid
    ordinals: Array | None
    wanted: tuple[bool, ...] = eqx.field(static=True)

    def sampled(self) -> list[tuple[int, AtTimes]]:
        """The outputs at given times that a derivative comes back from."""
        return [(i, output) for i, output in self._wanted_outputs() if isinstance(output, AtTimes)]

    def stepped(self) -> list[tuple[int, AtSteps | DenseSteps]]:
        """The outputs of every step that a derivative comes back from."""
        return [(i, output) for i, output in self._wanted_outputs() if not isinstance(output, AtTimes)]

    def _wanted_outputs(self) -> list[tuple[int, Output]]:
        return [(i, output) for i, output in enumerate(self.inputs.problem.outputs) if self.wanted[i]]

    def recorded(self, index: IntScalar) -> Recorded:
        """A step of the grid."""
        start, end, cause = self.grid.step(self.inputs.problem, index)
        drive, path_state = tree.row(self.grid.drives, index), None
        if drive is None:
            step = index if self.ordinals is None else self.ordinals[index]
            path_state = init_path_state(self.inputs.problem, self.inputs.setup, start, step)
            if self.ordinals is not None:
                drive = self.drive(Recorded(start, end, cause, None, path_state))
        return Recorded(start, end, cause, drive, path_state)

    def drive(self, step: Recorded) -> PyTree[Any]:
        """What the stages of a step see of the path."""
        if step.drive is not None:
            return step.drive
        return drive_of(self.inputs.problem, self._sharing, span(step.start, step.end), step.path_state)[0]

    @property
    def _sharing(self) -> Setup:
        """The setup of a step that is pulled back, in which noise is used again and again."""
        return dataclasses.replace(self.inputs.setup, shares_drive=self.ordinals is not None)

    def carry(self, step: Recorded, start: StepStart) -> StepCarry:
        """What is handed to a recorded step."""
        return StepCarry(step.start if self.inputs.timed else None, start)

    def make(self, varying: PyTree[Array | None], before: StepCarry, recorded: Recorded) -> StepOutput:
        """The map of one step."""
        problem, setup = self.inputs.problem_with(varying), self.inputs.setup
        t = recorded.start if before.t is None else before.t
        end = recorded.end if before.t is None else end_of(problem, t, recorded.end, recorded.cause)
        step, start = span(t, end), before.start
        drive = recorded.drive
        if drive is None:
            drive, _ = drive_of(problem, setup, step, recorded.path_state)
        if start.cache is None:
            start = fresh_start(problem, setup, t, start.y, start.solver_state)
        out = step_map(problem, setup, step, start, drive)

        def dense() -> DenseStep:
            return dense_step(problem, setup, step, start.y, out.stages, drive)

        def at_end(output: AtSteps | DenseSteps) -> PyTree[Any]:
            if isinstance(output, DenseSteps):
                return dense()
            return end, call_fn(output.fn, setup.real(end), out.y, problem.args)

        after = StepStart(
            out.y, restart_solver_state(problem, setup, end, out.y, out.state), carried_cache(setup, out.cache)
        )
        return StepOutput(
            after=StepCarry(None if before.t is None else end, after),
            at_end=tuple(at_end(output) for _, output in self.stepped()),
            dense=dense() if self.sampled() else None,
        )

    def single_step(self, index: IntScalar) -> "Steps":
        """The steps as far as a single one needs them: the table of drives, if there is one, has its row alone.

        Otherwise each step would make a cotangent of the whole table. The step finds its row whatever its number, for
        JAX clamps indices.
        """
        varying, fixed = (self.with_row(part, index) for part in (self.inputs.varying, self.inputs.fixed))
        return dataclasses.replace(self, inputs=Inputs(varying, fixed, self.inputs.setup))

    def with_row(self, part: PyTree[Any], index: IntScalar) -> PyTree[Any]:
        """A part of the problem with one row of the table of drives, if there is a table."""
        if self.inputs.problem.drives is None:
            return part
        return _with_drives(part, jax.tree.map(lambda x: jax.lax.dynamic_slice_in_dim(x, index, 1), part.drives))

    def with_table(self, part: PyTree[Any], whole: PyTree[Any], index: IntScalar) -> PyTree[Any]:
        """A part with one row of the table again with the whole of it, in which the row is written."""
        if self.inputs.problem.drives is None:
            return part

        def write(table: Array, row: Array) -> Array:
            return jax.lax.dynamic_update_slice_in_dim(table, row, index, 0)

        return _with_drives(part, jax.tree.map(write, whole.drives, part.drives))


def _with_drives(problem: PyTree[Any], drives: PyTree[Array]) -> PyTree[Any]:
    """A part of a problem with other drives."""
    return eqx.tree_at(lambda p: p.drives, problem, drives, is_leaf=lambda x: x is None)


def steps_of(inputs: Inputs, grid: Grid, saved: tuple[PyTree[Any], ...]) -> Steps:
    """The steps of a solve, of whose outputs the cotangents are given, `None` where one is zero."""
    problem = inputs.problem
    ordinals = grid.ordinals(problem) if problem.term.noisy else None
    wanted = tuple(bool(jax.tree.leaves(cotangent)) for cotangent in saved)
    return Steps(inputs, grid, ordinals, wanted)
