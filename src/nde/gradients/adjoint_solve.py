"""The pull-back of a solve by its adjoint equation, from save time to save time backward."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from nde.core import tree
from nde.core.lanes import any_lane
from nde.core.results import SUCCESSFUL
from nde.core.types import IntScalar, Time
from nde.gradients.adjoint_drives import ConstantDrives, DataDrives, path_of, single_terms
from nde.gradients.adjoint_jumps import AbstractAdjointJumps, adjoint_jumps_of, cotangent_product, moving_time
from nde.gradients.adjoint_term import AbstractSolution, AdjointState, AdjointTerm, ItoAdjointTerm
from nde.gradients.inputs import Inputs
from nde.gradients.primitive import Levels
from nde.gradients.pull import fill_cotangents, vjp
from nde.gradients.seminorm import ignores_inputs
from nde.gradients.shares import ShareRecorder, shared_size
from nde.integrate.outcome import Outcome, solve_plainly, solve_recorded
from nde.integrate.problem import Differentiable, Resume, Setup, slope
from nde.integrate.progress import NoProgressMeter
from nde.solvers import AbstractSolver
from nde.stepping import AbstractStepSizeController
from nde.terms.dependence import depends_on

_FEW = 16
"""Shared numbers, if not more than those of the state, whose cotangents lanes integrate each for itself: steps are not
taken twice for their sake."""


class _JumpSchedule(eqx.Module):
    """The jumps of the adjoint, the last in time first; behind them those that are not there.

    Attributes:
        t: Their times; minus infinity for one that is not there.
        kind: Of which kind each is.
        row: Which of its kind.
    """

    t: Float[Array, "*jumps"]
    kind: Int[Array, "*jumps"]
    row: Int[Array, "*jumps"]

    @property
    def count(self) -> IntScalar:
        """How many are there."""
        return jnp.sum(jnp.isfinite(self.t), dtype=jnp.int32)


class _Sweep(eqx.Module):
    """What is carried back in time.

    Attributes:
        state: The state of the adjoint equation.
        inputs: The cotangent of the inputs by other ways than the adjoint equation.
        t: How far back it has come, in loop time of the solve.
        h: The size of the next step.
    """

    state: AdjointState
    inputs: PyTree[Array]
    t: Time
    h: Time


class AdjointSolve(eqx.Module):
    """The pull-back of a solve by its adjoint equation.

    Attributes:
        inputs: The inputs of the solve.
        solver: Of the adjoint equation.
        controller: How its steps are chosen, in its loop time.
        dt0: The size of its first step, if that is given.
        max_steps: Most steps between two save times.
        solution: Where it has the solution from.
        ended: How the solve ended.
        cotangent: The cotangent of that, `None` where it is zero.
        levels: Surrounding lanes whose cotangents of shared inputs are summed in every step; none where each lane
            integrates its own.
    """

    inputs: Inputs
    solver: AbstractSolver
    controller: AbstractStepSizeController
    dt0: Time | None
    solution: AbstractSolution
    ended: Outcome
    cotangent: Outcome
    max_steps: int | None = eqx.field(static=True)
    levels: Levels = ()

    def in_steps(self, levels: Levels) -> "AdjointSolve":
        """The solve that sums over lanes in every step, if they share more than a few numbers and it may.

        It may not where steps are chosen by the cotangents of parameters, nor where the solver hands on something that
        these are made of.
        """
        few = max(_FEW, sum(x.size for x in jax.tree.leaves(self.ended.y)))
        if shared_size(levels, self.inputs.varying) <= few or not ignores_inputs(self.controller):
            return self
        solve = dataclasses.replace(self, levels=levels)
        return self if solve.carries_weights() else solve

    def carries_weights(self) -> bool:
        """Whether what the solver hands from step to step is made of more than the point that it has come to."""
        term, t = self.term(), self.inputs.setup.real(self.ended.t)
        state = term.start(self.ended.y, self.ended.y)
        solver = self.solver.specialize(term, t, state, None)
        own = solver.init(term, t, state, None)

        def cache(weighed: PyTree[Array | None]) -> PyTree[Any]:
            return solver.init_cache(dataclasses.replace(term, weighed=weighed), t, state, None, own)

        return bool(jax.tree.leaves(own)) or depends_on(cache, term.varying)

    def run(self) -> PyTree[Array | None]:
        """The cotangent of the varying inputs."""
        problem, end, setup, varying = self.inputs.problem, self.ended, self.inputs.setup, self.inputs.varying
        term = self.term()
        state = term.start(end.y, fill_cotangents(self.cotangent.y, end.y))
        solver = self.solver.specialize(term, setup.real(end.t), state, None)
        back = BackwardSolve(term, solver, self.controller, setup, varying, self.levels, self.max_steps)
        h = back.first_step(state, end.t, problem.t0, self.dt0)
        sweep = _Sweep(state, tree.zeros_like(varying), end.t, h)
        sweep = back.until(self._visit_jumps(self._add_end_time(sweep), back), problem.t0)
        return self._with_state(self._add_start_time(sweep))

    def _with_state(self, sweep: _Sweep) -> PyTree[Array | None]:
        """The cotangent of the inputs, with what of it is part of the state of the adjoint equation."""
        varying, state = self.inputs.varying, sweep.state
        varies = jax.tree.map(lambda x: x is not None, varying.y0, is_leaf=lambda x: x is None)
        inputs = self._add_cotangent(sweep.inputs, lambda p: p.y0, eqx.filter(state.a, varies))
        if self.levels:
            return self._add_cotangent(inputs, _totals, _nothing(varying, jnp.isfinite(state.inputs)))
        own, args = state.inputs
        grown = tree.add(inputs.term, own), tree.add(inputs.args, args)
        return eqx.tree_at(lambda p: (p.term, p.args), inputs, grown, is_leaf=lambda x: x is None)

    def _add_cotangent(
        self, inputs: PyTree[Array], part: Callable[[PyTree[Any]], PyTree[Any]], change: PyTree[Array]
    ) -> Any:
        """A cotangent of the inputs, with one of something made of them alone."""
        _, pull = vjp(self.levels, lambda varying, _, __: part(varying), self.inputs.varying, None, None)
        return tree.add(inputs, pull(change)[0])

    def term(self) -> AdjointTerm:
        """The adjoint equation; of an Itô solve, that of the Stratonovich equation with its solution."""
        varying, fixed = self.inputs.varying, self.inputs.fixed
        own = (varying.term, varying.args), (fixed.term, fixed.args)
        drives = (
            DataDrives()
            if any(jax.tree.leaves(path_of(term)) for term in single_terms(varying.term))
            else ConstantDrives()
        )
        of_ito = self.inputs.setup.solver.calculus == "ito" and self.inputs.problem.term.noisy
        kind = ItoAdjointTerm if of_ito else AdjointTerm
        return kind(*own, self.solution, drives, scalar=bool(self.levels))

    def _visit_jumps(self, sweep: _Sweep, back: "BackwardSolve") -> _Sweep:
        """The sweep behind all jumps."""
        kinds = adjoint_jumps_of(self.inputs, self.ended, self.cotangent)
        if not kinds:
            return sweep
        schedule = _schedule(kinds)
        count, start = schedule.count, self.inputs.problem.t0

        def visit(carry: tuple[IntScalar, _Sweep]) -> tuple[IntScalar, _Sweep]:
            number, sweep = carry
            jump = tree.row(schedule, number)
            sweep = back.until(sweep, jnp.maximum(jump.t, start))
            return number + 1, self._apply_jump(sweep, kinds, jump)

        first = jnp.asarray(0, jnp.int32)
        return jax.lax.while_loop(lambda carry: any_lane(carry[0] < count), visit, (first, sweep))[1]

    def _apply_jump(self, sweep: _Sweep, kinds: list[AbstractAdjointJumps], jump: _JumpSchedule) -> _Sweep:
        """The sweep with what changes at a jump."""
        y = self.solution.at(self.inputs.setup.real(sweep.t), sweep.state.y)
        a, inputs = sweep.state.a, sweep.inputs
        for number, kind in enumerate(kinds):
            due = (jump.kind == number) & jnp.isfinite(jump.t)
            more, change = kind.change(self.levels, jump.row, due, y, a)
            a, inputs = tree.add(a, change), tree.add(inputs, more)
        state = dataclasses.replace(sweep.state, a=a)
        return dataclasses.replace(sweep, state=state, inputs=inputs)

    def _add_end_time(self, sweep: _Sweep) -> _Sweep:
        """The sweep with the cotangent of what the time of the end moves with."""
        if not self.inputs.timed:
            return sweep
        t, given = self.ended.t, self.cotangent.t
        moved = cotangent_product(sweep.state.a, slope(self.inputs.problem, self.inputs.setup, t, self.ended.y), t)
        _, pull = vjp(self.levels, _end, self.inputs.varying, None, (self.inputs, t))
        more, _ = pull(moved if given is None else moved + given)
        return dataclasses.replace(sweep, inputs=tree.add(sweep.inputs, more))

    def _add_start_time(self, sweep: _Sweep) -> _Sweep:
        """The sweep with the cotangent of `t0`, if it is wanted."""
        if self.inputs.varying.t0 is None:
            return sweep
        problem = self.inputs.problem
        derivative = slope(problem, self.inputs.setup, problem.t0, problem.y0)
        moved = cotangent_product(sweep.state.a, derivative, problem.t0)
        return dataclasses.replace(sweep, inputs=self._add_cotangent(sweep.inputs, lambda p: p.t0, -moved))


def _end(varying: PyTree[Array | None], _: None, fixed: tuple[Inputs, Time]) -> Time:
    """The end of the solve, which moves with a time that was given."""
    inputs, t = fixed
    return moving_time(inputs.problem_with(varying), inputs.setup, t)


def _nothing(inputs: PyTree[Array | None], good: Bool[Array, ""]) -> PyTree[Array]:
    """A cotangent of the total of each of the inputs: zero, or not a number if the solve failed."""
    return jax.tree.map(lambda x: jnp.where(good, 0, jnp.nan).astype(x.dtype), inputs)


def _totals(inputs: PyTree[Array | None]) -> PyTree[Array]:
    """Of each of the inputs the sum of its numbers."""
    return jax.tree.map(jnp.sum, inputs)


def _schedule(kinds: list[AbstractAdjointJumps]) -> _JumpSchedule:
    """The jumps of all kinds, in order."""
    ts = jnp.concatenate([jnp.where(jnp.isfinite(kind.ts), kind.ts, -jnp.inf) for kind in kinds])
    numbers = jnp.concatenate([jnp.full(len(kind.ts), number) for number, kind in enumerate(kinds)])
    rows = jnp.concatenate([jnp.arange(len(kind.ts)) for kind in kinds])
    order = jnp.argsort(-ts)
    return _JumpSchedule(ts[order], numbers[order], rows[order])


class BackwardSolve(eqx.Module):
    """Solves the adjoint equation from jump to jump, in a loop time that is that of the solve turned around.

    Attributes:
        term: The adjoint equation.
        solver: Its solver.
        controller: How its steps are chosen.
        setup: The constants of the solve.
        varying: The inputs of the solve that derivatives are wanted of.
        levels: Lanes over which the cotangents of parameters are summed in every step, if they are.
        max_steps: Most steps from jump to jump.
    """

    term: AdjointTerm
    solver: AbstractSolver
    controller: AbstractStepSizeController
    setup: Setup
    varying: PyTree[Array | None]
    levels: Levels
    max_steps: int | None = eqx.field(static=True)

    def first_step(self, state: AdjointState, t: Time, t0: Time, dt0: Time | None) -> Time:
        """The size of the first step."""
        if dt0 is not None:
            return dt0
        problem, setup = self._problem(state, t, t0), self._setup(None)

        def derivative(t: Time, y: AdjointState) -> AdjointState:
            return slope(problem, setup, t, y)

        order = self.solver.error_order(self.term)
        plan, _ = self.controller.init(derivative, problem.t0, problem.t1, state, None, order)
        return jnp.maximum(plan.end - problem.t0, jnp.finfo(t.dtype).tiny)

    def until(self, sweep: _Sweep, t: Time) -> _Sweep:
        """The sweep at an earlier loop time; as it is if it is there to rounding."""
        t = jax.lax.stop_gradient(t)
        outcome, inputs = self._solve(sweep, t)
        moved = sweep.t > t
        # A solve that failed has no gradient.
        failed = moved & (outcome.code != SUCCESSFUL)
        y = tree.where(moved, outcome.y, sweep.state)
        y = jax.tree.map(lambda x: jnp.where(failed, jnp.nan, x), y)
        return _Sweep(y, inputs, t=jnp.where(moved, t, sweep.t), h=self._next_step(sweep, outcome))

    def _solve(self, sweep: _Sweep, t: Time) -> tuple[Outcome, PyTree[Array]]:
        """The solve of the adjoint equation, and the cotangent of the inputs behind it."""
        problem, setup = self._problem(sweep.state, sweep.t, t), self._setup(sweep.h)
        if not self.levels:
            return solve_plainly(problem, setup), sweep.inputs
        return solve_recorded(problem, setup, ShareRecorder(self.levels, self.varying, sweep.inputs))

    def _next_step(self, sweep: _Sweep, outcome: Outcome) -> Time:
        """The size of the next step; that of one step that a jump cut short says nothing."""
        if not self.controller.needs_error:
            return sweep.h
        usable = jnp.isfinite(outcome.h) & (outcome.h > 0) & (outcome.steps > 0)
        least = jnp.where(outcome.steps == 1, sweep.h, 0)
        return jnp.where(usable, jnp.maximum(outcome.h, least), sweep.h)

    def _problem(self, state: AdjointState, start: Time, end: Time) -> Differentiable:
        t = self.setup.real(start)
        return Differentiable(
            term=self.term,
            y0=state,
            args=None,
            t0=-start,
            t1=-end,
            landmarks=self.controller.landmarks,
            outputs=(),
            solver_state=self.solver.init(self.term, t, state, None),
        )

    def _setup(self, dt0: Time | None) -> Setup:
        return Setup(
            solver=self.solver,
            controller=self.controller,
            clock=self.setup.clock.reversed(),
            dt0=dt0,
            code=jnp.asarray(SUCCESSFUL, jnp.int32),
            resume=Resume(),
            meter=NoProgressMeter(),
            max_steps=self.max_steps,
            costly=True,
            keeps_step=True,
        )
