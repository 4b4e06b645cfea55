"""The normalized problem of a solve; its types are trusted."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.clock import Clock
from nde.core.materialize import materialize
from nde.core.types import Args, IntScalar, Time, Y
from nde.integrate.drives import DrivesOfGrid
from nde.integrate.event import AbstractEvent, NoEvent
from nde.integrate.output import DenseStep, Output
from nde.integrate.progress import AbstractProgressMeter
from nde.solvers import AbstractSolver, StepOut, StepStart
from nde.stepping import AbstractStepSizeController
from nde.stepping.base import CHOSEN, Span, span
from nde.terms import AbstractTerm


class Resume(eqx.Module):
    """States handed over from an earlier solve; `None` where it starts afresh."""

    solver_state: PyTree[Any] = None
    solver_cache: PyTree[Any] = None
    controller_state: PyTree[Any] = None
    h: Time | None = None


class Differentiable(eqx.Module):
    """The inputs of a solve to which derivatives flow.

    Times are loop times, which always grow; the clock of the solve turns them back.

    Attributes:
        term: The right-hand side, closure-converted.
        y0: The state at t0.
        args: The user's arguments of the vector field.
        t0: Start of the solve.
        t1: End of the solve.
        landmarks: Further times from outside at which steps end.
        outputs: What to save, with its times and functions.
        solver_state: The solver's state before the first step.
        drives: What each step of a known grid sees of the paths, if that was made before the first step.
        solver_weights: The arrays of the solver, which are left out of that of the `Setup`.
    """

    term: AbstractTerm
    y0: Y
    args: Args
    t0: Time
    t1: Time
    landmarks: Array | None
    outputs: tuple[Output, ...]
    solver_state: PyTree[Any]
    drives: PyTree[Any] = None
    solver_weights: PyTree[Array | None] = None

    @property
    def keeps_drives(self) -> bool:
        """Whether the drive of a step is better noted with it than made again."""
        return self.term.noisy or self.drives is not None


class Setup(eqx.Module):
    """The inputs of a solve that are constants of differentiation.

    Attributes:
        solver: The method.
        controller: How steps are chosen.
        clock: Turns loop times into the user's times.
        dt0: The size of the first step.
        code: What is wrong with the numbers that were given.
        resume: States of an earlier solve.
        meter: The progress meter.
        max_steps: Most steps to attempt.
        costly: Whether stages are better not computed twice.
        keeps_step: Whether the length of the next step is to be saved.
        carries_cache: Whether the backward sweep takes the cache of a step from the step before, which pays off if the
            cache is most of the cost of a step.
        keeps_cache: Whether a tape keeps the solver's cache: where it costs more to compute than to store.
        shares_drive: Whether several kernels of a step use its drive, so that it is better not drawn in each.
        recorded: Recorded drives, in place of the paths of the term.
        event: What may end the solve before t1.
    """

    solver: AbstractSolver
    controller: AbstractStepSizeController
    clock: Clock
    dt0: Time | None
    code: IntScalar
    resume: Resume
    meter: AbstractProgressMeter
    max_steps: int | None = eqx.field(static=True)
    costly: bool = eqx.field(static=True)
    keeps_step: bool = eqx.field(default=False, static=True)
    carries_cache: bool = eqx.field(default=False, static=True)
    keeps_cache: bool = eqx.field(default=True, static=True)
    shares_drive: bool = eqx.field(default=False, static=True)
    recorded: Any = None
    event: AbstractEvent = NoEvent()

    @property
    def may_reject(self) -> bool:
        """Whether steps may be rejected."""
        return not self.controller.always_accepts

    @property
    def most_steps(self) -> int | None:
        """Most steps that can count: as allowed, and no more than a known grid has."""
        grid = self.controller.grid
        if grid is None:
            return self.max_steps
        return grid.shape[0] if self.max_steps is None else min(self.max_steps, grid.shape[0])

    def real(self, t: Array) -> Array:
        """Loop times as the user's times."""
        return self.clock.real(t)


def solver_of(problem: Differentiable, setup: Setup) -> AbstractSolver:
    """The method with its arrays."""
    return eqx.combine(problem.solver_weights, setup.solver)


def drive_of(
    problem: Differentiable, setup: Setup, step: Span, path_state: PyTree[Any]
) -> tuple[PyTree[Any], PyTree[Any]]:
    """What the stages of a step see of the path, and the path's next state."""
    solver, clock = setup.solver, setup.clock
    t, end, h = clock.real(step.start), clock.real(step.end), clock.length(step.h)

    def prepared() -> tuple[PyTree[Any], PyTree[Any]]:
        return paths(problem, setup).prepare(t, end, h, solver.nodes, solver.needs, path_state)

    return materialize(prepared, step.start) if setup.shares_drive and setup.recorded is None else prepared()


def paths(problem: Differentiable, setup: Setup) -> Any:
    """What drives the steps: the paths of the term, or what was recorded of them or made of them before."""
    if setup.recorded is not None:
        return setup.recorded
    return problem.term if problem.drives is None else DrivesOfGrid(problem.drives)


def init_path_state(problem: Differentiable, setup: Setup, start: Time, step: IntScalar | int = 0) -> PyTree[Any]:
    """The path's state before a step that starts there, `step` steps after the first."""
    return paths(problem, setup).begin(setup.real(start), step, setup.may_reject, setup.clock.direction > 0)


def drive_shape(problem: Differentiable, setup: Setup) -> PyTree[jax.ShapeDtypeStruct]:
    """The shapes of what the stages of a step see of the path."""
    step = span(problem.t0, problem.t1)
    return jax.eval_shape(lambda: drive_of(problem, setup, step, init_path_state(problem, setup, problem.t0))[0])


def step_map(problem: Differentiable, setup: Setup, step: Span, start: StepStart, drive: PyTree[Any]) -> StepOut:
    """One step: pure and differentiable, no decision, no saving."""
    t, h = setup.clock.real(step.start), setup.clock.length(step.h)
    return solver_of(problem, setup).step(term_in(problem, setup, step), start, problem.args, drive, t, h)


def dense_step(
    problem: Differentiable, setup: Setup, step: Span, y: Y, stages: PyTree[Any], drive: PyTree[Any]
) -> DenseStep:
    """A step made ready for values inside it."""
    t, h = setup.clock.real(step.start), setup.clock.length(step.h)
    solver, term = solver_of(problem, setup), term_in(problem, setup, step)
    interpolant = solver.interpolant(term, y, problem.args, drive, t, h, stages)
    return DenseStep(start=step.start, end=step.end, y=y, interpolant=interpolant)


def term_in(problem: Differentiable, setup: Setup, step: Span) -> AbstractTerm:
    """The term as a step sees it: its vector field not beyond a discontinuity at which the step starts or ends."""
    if not setup.controller.breaks:
        return problem.term
    return _between(problem, setup, step.start, step.end)


def _between(problem: Differentiable, setup: Setup, start: Time, end: Time | None) -> AbstractTerm:
    clock, breaks_at = setup.clock, setup.controller.breaks_at
    start = jax.lax.stop_gradient(start)
    low, high = jnp.where(breaks_at(start), start + clock.blur(start), -jnp.inf), jnp.full_like(start, jnp.inf)
    if end is not None:
        end = jax.lax.stop_gradient(end)
        high = jnp.where(breaks_at(end), end - clock.blur(end), jnp.inf)
        low, high = jnp.minimum(low, end), jnp.maximum(high, start)
    low, high = clock.real(low), clock.real(high)
    return problem.term.within(jnp.minimum(low, high), jnp.maximum(low, high))


def end_of(problem: Differentiable, start: Time, end: Time, cause: IntScalar) -> Time:
    """The end of a recorded step as a function of what ended it.

    A chosen step has a constant length; a step that a given time ended moves with that time. The value is `end`
    itself, whatever the rounding.
    """
    length = jax.lax.stop_gradient(end - start)
    moving = start + length
    given = problem.t1
    if problem.landmarks is not None:
        times = jnp.concatenate([problem.t1[None], problem.landmarks])
        given = times[jnp.maximum(cause, 0)]
    source = jnp.where(cause == CHOSEN, moving, given)
    return jax.lax.stop_gradient(end - source) + source


def first_cache(problem: Differentiable, setup: Setup, t: Time, y: Y, solver_state: PyTree[Any]) -> PyTree[Any]:
    """The solver's cache for a step from `t`, computed anew."""
    term = _between(problem, setup, t, None) if setup.controller.breaks else problem.term
    return solver_of(problem, setup).init_cache(term, setup.real(t), y, problem.args, solver_state)


def fresh_start(problem: Differentiable, setup: Setup, t: Time, y: Y, solver_state: PyTree[Any]) -> StepStart:
    """What a step from `t` starts from, its cache computed anew."""
    return StepStart(y, solver_state, first_cache(problem, setup, t, y, solver_state))


def restart_solver_state(problem: Differentiable, setup: Setup, t: Time, y: Y, state: PyTree[Any]) -> PyTree[Any]:
    """The solver's state for a step from `t`, behind a step that led there: its first state if there is a jump."""
    if not setup.controller.jumps or not jax.tree.leaves(state):
        return state
    jumped, _ = setup.controller.jump_at(jax.lax.stop_gradient(t))
    fresh = solver_of(problem, setup).init(problem.term, setup.real(t), y, problem.args)
    return tree.where(jumped, fresh, state)


def slope(problem: Differentiable, setup: Setup, start: Time, y: Y) -> Y:
    """The derivative of the state in loop time."""
    return jax.tree.map(setup.clock.slope, problem.term.derivative(setup.real(start), y, problem.args))
