"""The result of the loop of a solve."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core.types import IntScalar, Time, Y
from nde.integrate.loop import Loop, State
from nde.integrate.output import AtSteps, AtTimes, DenseSteps
from nde.integrate.problem import Differentiable, Setup
from nde.integrate.recorders import (
    AbstractRecorder,
    DenseRecorder,
    InlineRecorder,
    SampledRecorder,
    StepRecorder,
)


class Outcome(eqx.Module):
    """The end of a solve.

    Attributes:
        t: Where it ended, in loop time.
        h: The size that the next step was to have.
        y: The last state.
        solver_state: The solver's state there.
        solver_cache: The solver's cache there.
        controller_state: The controller's state.
        saved: For each output what was saved.
        code: How it ended.
        steps: How many steps were attempted.
        accepted: How many of them counted.
    """

    t: Time
    h: Time
    y: Y
    solver_state: PyTree[Any]
    solver_cache: PyTree[Any]
    controller_state: PyTree[Any]
    saved: tuple[PyTree[Any], ...]
    code: IntScalar
    steps: IntScalar
    accepted: IntScalar


def recorders_for(problem: Differentiable, setup: Setup, whole: bool = False) -> tuple[AbstractRecorder, ...]:
    """One recorder for each output, the kind that costs least; `whole` for a loop that is not run in sections."""
    return tuple(_recorder(output, index, setup, whole) for index, output in enumerate(problem.outputs))


def _recorder(output: Any, index: int, setup: Setup, whole: bool) -> AbstractRecorder:
    match output:
        case AtTimes() if whole:
            return SampledRecorder(index, setup.max_steps)
        case AtTimes():
            return InlineRecorder(index) if setup.costly else SampledRecorder(index)
        case AtSteps():
            assert setup.max_steps is not None
            return StepRecorder(index, setup.max_steps // output.every)
        case DenseSteps():
            assert setup.max_steps is not None
            return DenseRecorder(setup.max_steps)
    raise AssertionError(output)


def solve_plainly(problem: Differentiable, setup: Setup) -> Outcome:
    """The solve with nothing recorded but what was asked for."""
    loop = Loop(problem, setup, recorders_for(problem, setup))
    return outcome_of(loop, *loop.run())


def solve_recorded(problem: Differentiable, setup: Setup, recorder: AbstractRecorder) -> tuple[Outcome, Any]:
    """The solve, and what one more recorder made of its steps."""
    loop = Loop(problem, setup, (*recorders_for(problem, setup), recorder))
    state, records = loop.run()
    return outcome_of(loop, state, records[:-1]), records[-1]


def outcome_of(loop: Loop, state: State, saved: tuple[PyTree[Any], ...]) -> Outcome:
    """The outcome of a loop's last state."""
    return Outcome(
        t=state.t,
        h=jnp.abs(state.h) if state.wanted is None else state.wanted,
        y=state.start.y,
        solver_state=state.start.solver_state,
        solver_cache=state.start.cache,
        controller_state=state.controller_state,
        saved=saved,
        code=loop.code(state),
        steps=state.steps,
        accepted=state.accepted,
    )
