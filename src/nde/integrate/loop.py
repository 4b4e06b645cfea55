"""The loop of a solve: propose, step, decide, record.

Its predicate is the same in all lanes of a `vmap`. A lane that is done accepts no step; what it plans on is of
length zero, or of no consequence.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core import tree
from nde.core.count import count_if
from nde.core.lanes import any_lane
from nde.core.results import RESULTS, SUCCESSFUL, code_of, first_failure
from nde.core.types import BoolScalar, IntScalar, Time, Y
from nde.integrate.problem import (
    Differentiable,
    Setup,
    Span,
    drive_of,
    first_cache,
    init_path_state,
    paths,
    restart_solver_state,
    slope,
    step_map,
)
from nde.integrate.recorders import AbstractRecorder, Attempt
from nde.solvers import StepStart
from nde.stepping import Plan, StepDecision, StepTrial
from nde.stepping.base import AT_T1, CHOSEN, slack


class State(eqx.Module):
    """What the loop carries besides its records; no more than it must, for small systems' sake.

    That a solve cannot go on is written into the length of its next step: it is zero at t1 or where time cannot move,
    `nan` where numbers were not finite, negative when no more steps are allowed.

    Attributes:
        t: Loop time.
        h: The length of the next step.
        plan: Its end, carried only if there are landmarks, which must be met to the last bit; otherwise it is `t + h`.
        wanted: The length that the next step had before t1 cut it short, if that is to be saved.
        start: What the next step starts from.
        path_state: The path's state.
        controller_state: The controller's state.
        meter: The progress meter's state.
        code: What the controller has to say, if it ever does.
        steps: How many steps were attempted.
        accepted: How many of them counted.
    """

    t: Time
    h: Time
    plan: Plan | None
    wanted: Time | None
    start: StepStart
    path_state: PyTree[Any]
    controller_state: PyTree[Any]
    meter: PyTree[Any]
    code: IntScalar | None
    steps: IntScalar
    accepted: IntScalar


BoundedWhile = Callable[[Callable[[Any], Any], Callable[[Any], Any], Any, int], Any]


class Loop(eqx.Module):
    """One kind of loop: a problem, and what is recorded of it.

    Attributes:
        problem: What is solved.
        setup: How.
        recorders: What is recorded.
        bounded_while: A loop of at most so many iterations to use instead of `jax.lax.while_loop`.
    """

    problem: Differentiable
    setup: Setup
    recorders: tuple[AbstractRecorder, ...]
    bounded_while: BoundedWhile | None = eqx.field(default=None, static=True)

    def run(self) -> tuple[State, tuple[PyTree[Any], ...]]:
        """Solves, and returns the last state and all records."""
        state = self._begin()
        stores = self._each(lambda r: r.init(self.problem, self.setup))
        carry = (state, stores)
        if self.bounded_while is not None:
            assert self.setup.max_steps is not None
            carry = self.bounded_while(
                lambda c: self._running(c[0]), lambda c: self._iterate(c), carry, self.setup.max_steps
            )
        elif any(full is not None for full in self._each_full(stores)):
            carry = self._run_in_sections(carry)
        else:
            carry = jax.lax.while_loop(lambda c: any_lane(self._running(c[0])), lambda c: self._iterate(c), carry)
        state, stores = carry
        if self.bounded_while is not None:
            stores = self._flush(stores)
        records = tuple(r.finish(s) for r, s in zip(self.recorders, stores, strict=True))
        self.setup.meter.close(state.meter)
        return state, records

    def _begin(self) -> State:
        problem, setup = self.problem, self.setup
        t0, t1, y0 = problem.t0, problem.t1, problem.y0
        plan, controller_state = setup.controller.init(
            lambda t, y: slope(problem, setup, t, y), t0, t1, y0, setup.dt0, setup.solver.error_order(problem.term)
        )
        resume = setup.resume
        if resume.controller_state is not None:
            controller_state = resume.controller_state
        if resume.h is not None:
            plan = Plan(end=t0 + resume.h, cause=plan.cause)
        cache = resume.solver_cache
        if cache is None:
            cache = first_cache(problem, setup, t0, y0, problem.solver_state)
        zero = jnp.asarray(0, jnp.int32)
        wanted = plan.end - t0 if setup.keeps_step else None
        plan = self._ended_by_t1(t0, plan)
        return State(
            t=t0,
            h=plan.end - t0,
            plan=None if problem.landmarks is None else plan,
            wanted=wanted,
            start=StepStart(y0, problem.solver_state, cache),
            path_state=init_path_state(problem, setup, t0),
            controller_state=controller_state,
            meter=setup.meter.init(),
            code=zero if setup.controller.may_stop or setup.event.may_stop else None,
            steps=zero,
            accepted=zero,
        )

    def _running(self, state: State) -> BoolScalar:
        """Whether a lane still steps."""
        going = state.h > 0
        if state.code is not None:
            going = going & (state.code == SUCCESSFUL)
        return going

    def _attempt(self, state: State) -> tuple[Attempt, StepDecision, PyTree[Any]]:
        """One step, accepted or rejected; a lane that is done accepts nothing."""
        problem, setup = self.problem, self.setup
        plan = Plan(self._planned_end(state)) if state.plan is None else state.plan
        step = Span(state.t, plan.end, state.h)
        drive, path_state = drive_of(problem, setup, step, state.path_state)
        out = step_map(problem, setup, step, state.start, drive)
        order = setup.solver.error_order(problem.term)
        trial = StepTrial(step, plan, state.start.y, out.y, out.error, order, out.advice)
        decision = setup.controller.decide(trial, state.controller_state)
        accepted = self._running(state) & decision.accepted & decision.finite
        attempt = Attempt(
            step=step,
            cause=plan.cause,
            start=state.start,
            out=out,
            drive=drive,
            accepted=accepted,
            index=state.accepted,
        )
        return attempt, decision, path_state

    def _iterate(self, carry: tuple[State, tuple[PyTree[Any], ...]]) -> tuple[State, tuple[PyTree[Any], ...]]:
        state, stores = carry
        live = self._running(state)
        attempt, decision, path_state = self._attempt(state)
        stores = tuple(
            r.write(self.problem, self.setup, s, attempt) for r, s in zip(self.recorders, stores, strict=True)
        )
        return self._advance(state, live, attempt, decision, path_state), stores

    def _advance(
        self, state: State, live: BoolScalar, attempt: Attempt, decision: StepDecision, path_state: PyTree[Any]
    ) -> State:
        """The state after a step was accepted or rejected."""
        accepted = attempt.accepted
        t = jnp.where(accepted, attempt.step.end, state.t)
        y = tree.where(accepted, attempt.out.y, state.start.y)
        wanted = None if state.wanted is None else jnp.where(live, decision.plan.end - t, state.wanted)
        path_state = paths(self.problem, self.setup).commit(accepted, state.path_state, path_state)
        following = self._limited_by_path(t, self._ended_by_t1(t, decision.plan), path_state)
        plan = self._end_or_stop(t, following, attempt, decision)
        steps = count_if(state.steps, live)
        return State(
            t=t,
            h=jnp.where(live, self._length(t, plan, steps), state.h),
            plan=None if state.plan is None else plan,
            wanted=wanted,
            start=self._next_start(attempt, t, y),
            path_state=path_state,
            controller_state=tree.where(live, decision.state, state.controller_state),
            meter=self.setup.meter.step(state.meter, self._progress(t)),
            code=self._next_code(state, live, attempt, decision, t, y),
            steps=steps,
            accepted=count_if(state.accepted, accepted),
        )

    def _next_code(
        self, state: State, live: BoolScalar, attempt: Attempt, decision: StepDecision, t: Time, y: Y
    ) -> IntScalar | None:
        """What ends the solve, if anything does: the controller, or the event."""
        code, event = state.code, self.setup.event
        if code is None:
            return None
        if decision.code is not None:
            code = jnp.where(live, decision.code, code)
        if event.may_stop:
            reached = attempt.accepted & event.reached(lambda: slope(self.problem, self.setup, t, y), y)
            code = jnp.where(reached, code_of(RESULTS.event_occurred), code)
        return code

    def _next_start(self, attempt: Attempt, t: Time, y: Y) -> StepStart:
        """What the next step starts from, at `t` in the state `y`."""
        controller, out, start = self.setup.controller, attempt.out, attempt.start
        carried = tree.where(attempt.accepted, (out.state, out.cache), (start.solver_state, start.cache))
        if not controller.breaks:
            # With constant steps, a step that does not count was the last of its lane.
            return StepStart(y, carried[0], out.cache if controller.always_accepts else carried[1])
        if not jax.tree.leaves(carried):
            return StepStart(y, *carried)
        broken = attempt.accepted & controller.breaks_at(t)

        def anew() -> tuple[PyTree[Any], PyTree[Any]]:
            fresh = restart_solver_state(self.problem, self.setup, t, y, out.state)
            return tree.where(broken, (fresh, first_cache(self.problem, self.setup, t, y, fresh)), carried)

        return StepStart(y, *jax.lax.cond(any_lane(broken), anew, lambda: carried))

    def _end_or_stop(self, t: Time, plan: Plan, attempt: Attempt, decision: StepDecision) -> Plan:
        """The plan of the next step; it ends where it starts, or at `nan`, if there can be none.

        A step as short as rounding that was rejected is tried again only if it has become shorter.
        """
        if self.setup.controller.always_accepts:
            return Plan(jnp.where(decision.finite, plan.end, jnp.nan), plan.cause)
        step = attempt.step
        tiny = step.h <= 16 * jnp.finfo(t.dtype).eps * jnp.abs(step.end)
        stuck = (plan.end <= t) | (~attempt.accepted & tiny & (plan.end >= step.end))
        return Plan(jnp.where(stuck, jnp.where(decision.finite, t, jnp.nan), plan.end), plan.cause)

    def _length(self, t: Time, plan: Plan, steps: IntScalar) -> Time:
        """The length of the next step, negative if it is one too many."""
        h = plan.end - t
        return h if self.setup.max_steps is None else jnp.where(steps < self.setup.max_steps, h, -h)

    def _planned_end(self, state: State) -> Time:
        """The end of the next step from its length; that of the last step is t1 itself, whatever the rounding."""
        end, t1 = state.t + state.h, self.problem.t1
        near = jax.lax.stop_gradient(t1 - 2 * jnp.finfo(t1.dtype).eps * jnp.abs(t1))
        return jnp.where(end >= near, t1, end)

    def _ended_by_t1(self, t: Time, plan: Plan) -> Plan:
        """The plan of a step from `t`, ended by t1 if that lies inside it, or hardly behind a time that was chosen.

        It ends at once if the inputs make no sense.
        """
        t1 = jnp.where(self.setup.code == SUCCESSFUL, self.problem.t1, self.problem.t0)
        longer = slack(plan.end - t, t1, self.setup.controller.always_accepts)
        if plan.cause is not None:
            longer = jnp.where(plan.cause == CHOSEN, longer, 0)
        last = plan.end + longer >= t1
        cause = None if plan.cause is None else jnp.where(last, AT_T1, plan.cause)
        return Plan(end=jnp.where(last, t1, plan.end), cause=cause)

    def _limited_by_path(self, t: Time, plan: Plan, path_state: PyTree[Any]) -> Plan:
        """The plan, ended where the path wants it to end at the latest."""
        max_step = paths(self.problem, self.setup).max_step(self.setup.real(t), path_state)
        if max_step is None:
            return plan
        sooner = t + max_step < plan.end - self.setup.clock.blur(plan.end)
        cause = None if plan.cause is None else jnp.where(sooner, CHOSEN, plan.cause)
        return Plan(jnp.where(sooner, t + max_step, plan.end), cause)

    def _progress(self, t: Time) -> Time:
        t0, t1 = self.problem.t0, self.problem.t1
        return jnp.where(t1 == t0, 1, (t - t0) / jnp.where(t1 == t0, 1, t1 - t0))

    def _run_in_sections(self, carry: tuple[State, tuple[PyTree[Any], ...]]) -> tuple[State, tuple[PyTree[Any], ...]]:
        """Loops until a store is full or the solve is done, empties the stores, and continues."""

        def some_full(stores: tuple[PyTree[Any], ...]) -> BoolScalar:
            fulls = [full for full in self._each_full(stores) if full is not None]
            return jnp.stack(fulls).any() if len(fulls) > 1 else fulls[0]

        def section(
            carry: tuple[State, tuple[PyTree[Any], ...], BoolScalar],
        ) -> tuple[State, tuple[PyTree[Any], ...], BoolScalar]:
            state, stores = jax.lax.while_loop(
                lambda c: any_lane(self._running(c[0])) & ~some_full(c[1]), lambda c: self._iterate(c), carry[:2]
            )
            stores = self._flush(stores)
            return state, stores, ~any_lane(self._running(state))

        state, stores, _ = jax.lax.while_loop(lambda c: ~c[2], section, (*carry, jnp.asarray(False)))
        return state, stores

    def code(self, state: State) -> IntScalar:
        """Why the solve ended where it did."""
        why = jnp.where(state.h < 0, code_of(RESULTS.max_steps_reached), code_of(RESULTS.step_underflow))
        why = jnp.where(jnp.isnan(state.h), code_of(RESULTS.nonfinite), why)
        if state.code is not None:
            why = first_failure(state.code, why)
        code = jnp.where(state.t < self.problem.t1, why, SUCCESSFUL)
        return first_failure(self.setup.code, code.astype(jnp.int32))

    def _flush(self, stores: tuple[PyTree[Any], ...]) -> tuple[PyTree[Any], ...]:
        return tuple(r.flush(self.problem, self.setup, s) for r, s in zip(self.recorders, stores, strict=True))

    def _each(self, make: Any) -> tuple[PyTree[Any], ...]:
        return tuple(make(r) for r in self.recorders)

    def _each_full(self, stores: tuple[PyTree[Any], ...]) -> list[BoolScalar | None]:
        return [r.full(s) for r, s in zip(self.recorders, stores, strict=True)]
