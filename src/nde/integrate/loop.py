"""The loop of a solve: propose, step, judge, record.

Its predicate is the same in all lanes of a `vmap`, and lanes that are done are frozen by hand.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core import tree
from nde.core.lanes import any_lane
from nde.core.results import RESULTS, SUCCESSFUL, code_of, first_failure
from nde.core.types import BoolScalar, IntScalar, Time, Y
from nde.integrate.problem import Differentiable, Setup, drive_of, first_cache, running, slope, step_map
from nde.integrate.recorders import AbstractRecorder, Attempt

from nde.stepping import Plan, Verdict
from nde.stepping.base import AT_T1


class State(eqx.Module):
    """What the loop carries besides its records."""

    t: Time
    h: Time
    plan: Plan
    y: Y
    solver_state: PyTree[Any]
    cache: PyTree[Any]
    place: PyTree[Any]
    controller_state: PyTree[Any]
    meter: PyTree[Any]
    code: IntScalar
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
        example = jax.eval_shape(self._example, state)
        stores = self._each(lambda r: r.init(self.problem, self.setup, example))
        carry = (state, stores)
        if self.bounded_while is not None:
            assert self.setup.max_steps is not None
            carry = self.bounded_while(lambda c: self._running(c[0]), lambda c: self._iterate(c), carry, self.setup.max_steps)
        elif any(full is not None for full in self._each_full(stores)):
            carry = self._run_in_sections(carry)
        else:
            carry = jax.lax.while_loop(lambda c: any_lane(self._running(c[0])), lambda c: self._iterate(c), carry)
        state, stores = carry
        if self.bounded_while is not None:
            stores = self._flushed(stores)
        records = tuple(r.finish(s) for r, s in zip(self.recorders, stores, strict=True))
        self.setup.meter.close(state.meter)
        return self._end(state), records

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
            cache = first_cache(problem, setup, t0, y0)
        zero = jnp.asarray(0, jnp.int32)
        return State(
            t=t0,
            h=plan.end - t0,
            plan=self._ended_by_t1(plan),
            y=y0,
            solver_state=problem.solver_state,
            cache=cache,
            place=problem.term.begin(setup.real(t0)),
            controller_state=controller_state,
            meter=setup.meter.init(),
            code=setup.code.astype(jnp.int32),
            steps=zero,
            accepted=zero,
        )

    def _running(self, state: State) -> BoolScalar:
        return running(state.t, self.problem.t1, state.code, state.steps, self.setup.max_steps)

    def _attempt(self, state: State) -> tuple[Attempt, Verdict, PyTree[Any]]:
        """One step, judged; a lane that is done accepts nothing."""
        problem, setup = self.problem, self.setup
        drive, place = drive_of(problem, setup, state.t, state.plan.end, state.place)
        out = step_map(problem, setup, state.t, state.plan.end, state.y, state.solver_state, state.cache, drive)
        verdict = setup.controller.judge(
            state.t,
            state.plan,
            state.y,
            out.y,
            out.error,
            setup.solver.error_order(problem.term),
            out.advice,
            state.controller_state,
        )
        accepted = self._running(state) & verdict.accepted & verdict.finite
        attempt = Attempt(
            start=state.t,
            plan=state.plan,
            y=state.y,
            state=state.solver_state,
            out=out,
            drive=drive,
            accepted=accepted,
            index=state.accepted,
        )
        return attempt, verdict, place

    def _iterate(self, carry: tuple[State, tuple[PyTree[Any], ...]]) -> tuple[State, tuple[PyTree[Any], ...]]:
        state, stores = carry
        live = self._running(state)
        attempt, verdict, place = self._attempt(state)
        stores = tuple(
            r.write(self.problem, self.setup, s, attempt) for r, s in zip(self.recorders, stores, strict=True)
        )
        return self._advance(state, live, attempt, verdict, place), stores

    def _advance(
        self, state: State, live: BoolScalar, attempt: Attempt, verdict: Verdict, place: PyTree[Any]
    ) -> State:
        """The state after a step was judged."""
        accepted, out = attempt.accepted, attempt.out
        t = jnp.where(accepted, verdict.start, state.t)
        y = tree.where(accepted, out.y, state.y)
        plan = self._ended_by_t1(verdict.plan)
        code = first_failure(jnp.asarray(verdict.code, jnp.int32), self._trouble(t, plan, verdict))
        return State(
            t=t,
            h=jnp.where(live, verdict.plan.end - t, state.h),
            plan=tree.where(live, plan, state.plan),
            y=y,
            solver_state=tree.where(accepted, out.state, state.solver_state),
            cache=self._next_cache(state, attempt, verdict, t, y),
            place=self.problem.term.commit(accepted, state.place, place),
            controller_state=tree.where(live, verdict.state, state.controller_state),
            meter=self.setup.meter.step(state.meter, self._progress(t)),
            code=jnp.where(live, code, state.code),
            steps=state.steps + live,
            accepted=state.accepted + accepted,
        )

    def _next_cache(self, state: State, attempt: Attempt, verdict: Verdict, t: Time, y: Y) -> PyTree[Any]:
        cache = tree.where(attempt.accepted, attempt.out.cache, state.cache)
        if not self.setup.controller.jumps or not jax.tree.leaves(cache):
            return cache
        jumped = attempt.accepted & verdict.jumped
        return jax.lax.cond(
            any_lane(jumped),
            lambda: tree.where(jumped, first_cache(self.problem, self.setup, t, y), cache),
            lambda: cache,
        )

    def _trouble(self, t: Time, plan: Plan, verdict: Verdict) -> IntScalar:
        """A code if the next step cannot move time, or a fixed step made numbers that are not finite."""
        nonfinite = jnp.asarray(code_of(RESULTS.nonfinite), jnp.int32)
        if self.setup.controller.always_accepts:
            return jnp.where(verdict.finite, SUCCESSFUL, nonfinite)
        stuck = (plan.end <= t) & (t < self.problem.t1)
        why = jnp.where(verdict.finite, code_of(RESULTS.step_underflow), nonfinite)
        return jnp.where(stuck, why, SUCCESSFUL)

    def _ended_by_t1(self, plan: Plan) -> Plan:
        """The plan, ended by t1 if it comes as near as rounding can tell."""
        t1 = self.problem.t1
        near = jax.lax.stop_gradient(t1 - 100 * jnp.finfo(t1.dtype).eps * jnp.abs(t1))
        last = plan.end >= near
        return Plan(end=jnp.where(last, t1, plan.end), cause=jnp.where(last, AT_T1, plan.cause))

    def _progress(self, t: Time) -> Time:
        t0, t1 = self.problem.t0, self.problem.t1
        return jnp.where(t1 == t0, 1, (t - t0) / jnp.where(t1 == t0, 1, t1 - t0))

    def _run_in_sections(
        self, carry: tuple[State, tuple[PyTree[Any], ...]]
    ) -> tuple[State, tuple[PyTree[Any], ...]]:
        """Loops until a store is full or the solve is done, empties the stores, and goes on."""

        def some_full(stores: tuple[PyTree[Any], ...]) -> BoolScalar:
            fulls = [full for full in self._each_full(stores) if full is not None]
            return jnp.stack(fulls).any() if len(fulls) > 1 else fulls[0]

        def section(
            carry: tuple[State, tuple[PyTree[Any], ...], BoolScalar],
        ) -> tuple[State, tuple[PyTree[Any], ...], BoolScalar]:
            state, stores = jax.lax.while_loop(
                lambda c: any_lane(self._running(c[0])) & ~some_full(c[1]), lambda c: self._iterate(c), carry[:2]
            )
            stores = self._flushed(stores)
            return state, stores, ~any_lane(self._running(state))

        state, stores, _ = jax.lax.while_loop(lambda c: ~c[2], section, (*carry, jnp.asarray(False)))
        return state, stores

    def _end(self, state: State) -> State:
        """The last state, with the code that says why the solve ended before t1, if it did."""
        short = (state.t < self.problem.t1) & (state.code == SUCCESSFUL)
        code = jnp.where(short, code_of(RESULTS.max_steps_reached), state.code)
        return eqx.tree_at(lambda s: s.code, state, code.astype(jnp.int32))

    def _example(self, state: State) -> Attempt:
        return self._attempt(state)[0]

    def _flushed(self, stores: tuple[PyTree[Any], ...]) -> tuple[PyTree[Any], ...]:
        return tuple(r.flush(self.problem, self.setup, s) for r, s in zip(self.recorders, stores, strict=True))

    def _each(self, make: Any) -> tuple[PyTree[Any], ...]:
        return tuple(make(r) for r in self.recorders)

    def _each_full(self, stores: tuple[PyTree[Any], ...]) -> list[BoolScalar | None]:
        return [r.full(s) for r, s in zip(self.recorders, stores, strict=True)]


