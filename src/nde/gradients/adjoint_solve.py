"""The pull-back of a solve by its adjoint equation, from save time to save time backward."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from nde.core import tree
from nde.core.results import SUCCESSFUL
from nde.core.types import IntScalar, Time, Y
from nde.gradients.adjoint_term import AbstractSolution, Adjoined, AdjointTerm, ItoAdjointTerm
from nde.gradients.replay import filled
from nde.integrate.outcome import Outcome, solve_plainly
from nde.integrate.output import AtTimes, call_fn
from nde.integrate.problem import Differentiable, Resume, Setup, slope
from nde.integrate.progress import NoProgressMeter
from nde.solvers import AbstractSolver
from nde.stepping import AbstractStepSizeController


class _Mark(eqx.Module):
    """Times at which cotangents come in: of which output, and which of its rows."""

    t: Float[Array, "*marks"]
    output: Int[Array, "*marks"]
    row: Int[Array, "*marks"]


class _Sweep(eqx.Module):
    """What is carried back in time.

    Attributes:
        state: The state of the adjoint equation.
        inputs: The cotangent of the inputs by other ways than the adjoint equation.
        t: How far back it has come, in loop time of the solve.
        h: The size of the next step.
    """

    state: Adjoined
    inputs: PyTree[Array]
    t: Time
    h: Time


class AdjointSolve(eqx.Module):
    """The pull-back of a solve by its adjoint equation.

    Attributes:
        varying: The inputs that derivatives are wanted of.
        fixed: The other inputs.
        setup: The constants of the solve.
        solver: Of the adjoint equation.
        controller: How its steps are chosen, in its loop time.
        dt0: The size of its first step, if that is given.
        max_steps: Most steps between two save times.
        solution: Where it has the solution from.
        ended: How the solve ended.
        cotangent: The cotangent of that, `None` where it is zero.
    """

    varying: PyTree[Array | None]
    fixed: PyTree[Any]
    setup: Setup
    solver: AbstractSolver
    controller: AbstractStepSizeController
    dt0: Time | None
    solution: AbstractSolution
    ended: Outcome
    cotangent: Outcome
    max_steps: int | None = eqx.field(static=True)

    def run(self) -> PyTree[Array | None]:
        """The cotangent of the varying inputs."""
        problem, end = self.problem(self.varying), self.ended
        term = self.term()
        a = filled(self.cotangent.y, end.y)
        state = Adjoined(self.solution.first(end.y), a, tree.zeros_like(term.varying))
        solver = self.solver.made_for(term, self.setup.real(end.t), state, None)
        back = Back(term, solver, self.controller, self.setup, self.max_steps)
        h = back.first_step(state, end.t, problem.t0, self.dt0)
        sweep = _Sweep(state, tree.zeros_like(self.varying), end.t, h)
        sweep = self._timed(sweep, "t1", problem.t1, end.y)

        def visit(sweep: _Sweep, mark: _Mark) -> tuple[_Sweep, None]:
            return self._saved(back.until(sweep, mark.t), mark), None

        sweep, _ = jax.lax.scan(visit, sweep, self._marks())
        sweep = back.until(sweep, problem.t0)
        sweep = self._timed(sweep, "t0", problem.t0, problem.y0)
        (own, args), inputs = sweep.state.inputs, sweep.inputs
        varies = jax.tree.map(lambda x: x is not None, self.varying.y0, is_leaf=lambda x: x is None)
        return eqx.tree_at(
            lambda p: (p.y0, p.term, p.args),
            inputs,
            (
                tree.add(inputs.y0, eqx.filter(sweep.state.a, varies)),
                tree.add(inputs.term, own),
                tree.add(inputs.args, args),
            ),
            is_leaf=lambda x: x is None,
        )

    def problem(self, varying: PyTree[Array | None]) -> Differentiable:
        """The problem with these varying inputs."""
        return eqx.combine(varying, self.fixed)

    def term(self) -> AdjointTerm:
        """The adjoint equation; of an Itô solve, that of the Stratonovich equation with its solution."""
        own = (self.varying.term, self.varying.args), (self.fixed.term, self.fixed.args)
        if self.setup.solver.calculus == "ito" and self.problem(self.varying).term.noisy:
            return ItoAdjointTerm(*own, self.solution)
        return AdjointTerm(*own, self.solution)

    def _wanted(self) -> list[tuple[int, AtTimes]]:
        """The outputs that a derivative comes back from."""
        outputs = enumerate(self.problem(self.varying).outputs)
        return [(i, o) for i, o in outputs if isinstance(o, AtTimes) and jax.tree.leaves(self.cotangent.saved[i])]

    def _marks(self) -> _Mark:
        """All save times, the last first; those that the solve did not reach are put where it ended."""
        wanted = self._wanted()
        end = self.ended.t
        ts = jnp.concatenate([*(jnp.minimum(o.ts, end) for _, o in wanted), jnp.zeros(0, end.dtype)])
        rows = jnp.concatenate([*(jnp.arange(len(o.ts)) for _, o in wanted), jnp.zeros(0, int)])
        outputs = jnp.concatenate([*(jnp.full(len(o.ts), i) for i, o in wanted), jnp.zeros(0, int)])
        order = jnp.argsort(-ts)
        return _Mark(jax.lax.stop_gradient(ts)[order], outputs[order], rows[order])

    def _saved(self, sweep: _Sweep, mark: _Mark) -> _Sweep:
        """The sweep with the cotangents of what was saved at a mark."""
        y = self.solution.at(self.setup.real(mark.t), sweep.state.y)
        a, inputs = sweep.state.a, sweep.inputs
        for i, output in self._wanted():
            due = (mark.output == i) & (output.ts[mark.row] <= self.ended.t)
            more, change = self._pulled(i, y, mark.row, due)
            a, inputs = tree.add(a, change), tree.add(inputs, more)
        state = dataclasses.replace(sweep.state, a=a)
        return dataclasses.replace(sweep, state=state, inputs=inputs)

    def _pulled(self, i: int, y: Y, row: IntScalar, due: Array) -> tuple[PyTree[Array], Y]:
        """The cotangents of the inputs and of the state by a value that was saved of it."""

        def value(varying: PyTree[Array | None], y: Y) -> PyTree[Any]:
            problem = self.problem(varying)
            output = problem.outputs[i]
            assert isinstance(output, AtTimes)
            t = output.ts[row]
            if self._moves(i):
                y = tree.add(y, tree.scaled(slope(problem, self.setup, t, y), t - jax.lax.stop_gradient(t)))
            return call_fn(output.fn, self.setup.real(t), y, problem.args)

        values, pull = jax.vjp(value, self.varying, y)
        return pull(filled(self.cotangent.saved[i], values, lambda g, _: jnp.where(due, tree.row(g, row), 0)))

    def _moves(self, i: int) -> bool:
        """Whether a derivative to the save times of an output is wanted."""
        output = self.varying.outputs[i]
        return isinstance(output, AtTimes) and output.ts is not None

    def _timed(self, sweep: _Sweep, name: str, t: Time, y: Y) -> _Sweep:
        """The sweep with the cotangent of `t0` or `t1`, if it is wanted."""
        if getattr(self.varying, name) is None:
            return sweep
        speed = slope(self.problem(self.varying), self.setup, t, y)
        pairs = zip(jax.tree.leaves(sweep.state.a), jax.tree.leaves(speed), strict=True)
        moved = sum((jnp.real(jnp.sum(a * f)).astype(t.dtype) for a, f in pairs), jnp.zeros_like(t))
        change = -moved if name == "t0" else moved if self.cotangent.t is None else moved + self.cotangent.t
        inputs = eqx.tree_at(lambda p: getattr(p, name), sweep.inputs, replace_fn=lambda x: x + change)
        return dataclasses.replace(sweep, inputs=inputs)


class Back(eqx.Module):
    """Solves the adjoint equation from mark to mark, in a loop time that is that of the solve turned around.

    Attributes:
        term: The adjoint equation.
        solver: Its solver.
        controller: How its steps are chosen.
        setup: The constants of the solve.
        max_steps: Most steps from mark to mark.
    """

    term: AdjointTerm
    solver: AbstractSolver
    controller: AbstractStepSizeController
    setup: Setup
    max_steps: int | None = eqx.field(static=True)

    def first_step(self, state: Adjoined, t: Time, t0: Time, dt0: Time | None) -> Time:
        """The size of the first step."""
        problem, setup = self._problem(state, t, t0), self._setup(dt0)

        def speed(t: Time, y: Adjoined) -> Adjoined:
            return slope(problem, setup, t, y)

        order = self.solver.error_order(self.term)
        plan, _ = self.controller.init(speed, problem.t0, problem.t1, state, dt0, order)
        return jnp.maximum(plan.end - problem.t0, jnp.finfo(t.dtype).tiny)

    def until(self, sweep: _Sweep, t: Time) -> _Sweep:
        """The sweep at an earlier loop time."""
        t = jax.lax.stop_gradient(t)
        outcome = solve_plainly(self._problem(sweep.state, sweep.t, t), self._setup(sweep.h))
        moved = sweep.t > t
        h = jnp.where(moved & jnp.isfinite(outcome.h) & (outcome.h > 0), outcome.h, sweep.h)
        h = h if self.controller.needs_error else sweep.h
        # A solve that failed has no gradient.
        failed = moved & (outcome.code != SUCCESSFUL)
        y = jax.tree.map(lambda x: jnp.where(failed, jnp.nan, x), outcome.y)
        return dataclasses.replace(sweep, state=y, t=jnp.where(moved, t, sweep.t), h=h)

    def _problem(self, state: Adjoined, start: Time, end: Time) -> Differentiable:
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
            direction=-self.setup.direction,
            dt0=dt0,
            code=jnp.asarray(SUCCESSFUL, jnp.int32),
            resume=Resume(),
            meter=NoProgressMeter(),
            max_steps=self.max_steps,
            costly=True,
            keeps_step=True,
        )
