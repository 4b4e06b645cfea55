"""Optimize-then-discretize: the adjoint equation, solved backward in time."""

import abc
import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from nde.core import tree
from nde.core.results import SUCCESSFUL
from nde.core.types import IntScalar, Time, Y
from nde.gradients.adjoint_term import AbstractSolution, Adjoined, AdjointTerm, Carried, Interpolated, at_rest
from nde.gradients.base import AbstractAdjoint
from nde.gradients.replay import filled
from nde.gradients.seminorm import seminormed
from nde.integrate.knots import ended_at_knots
from nde.integrate.outcome import Outcome, solve_plainly, solve_recorded
from nde.integrate.output import AtTimes, call_fn
from nde.integrate.problem import Differentiable, Resume, Setup, slope
from nde.integrate.progress import NoProgressMeter
from nde.integrate.recorders import DenseRecorder
from nde.solvers import AbstractSolver, Heun
from nde.solvers.runge_kutta import ExplicitRungeKutta
from nde.stepping import AbstractStepSizeController, ConstantStepSize
from nde.terms import AbstractTerm, ControlledODETerm, MultiTerm, ito_to_stratonovich


class AbstractContinuousAdjoint(AbstractAdjoint):
    """What the two ways to solve the adjoint equation have in common."""

    solver: eqx.AbstractVar[AbstractSolver | None]
    stepsize_controller: eqx.AbstractVar[AbstractStepSizeController | None]
    dt0: eqx.AbstractVar[float | None]
    max_steps: eqx.AbstractVar[int | None]

    @abc.abstractmethod
    def forward(self, problem: Differentiable, setup: Setup) -> tuple[Outcome, AbstractSolution]:
        """The solve, and where the adjoint equation will have its solution from."""

    def solve(self, problem: Differentiable, setup: Setup) -> Outcome:
        """The solve, with a reverse mode of its own."""
        self._check(problem, setup)
        return _solve(problem, tree.constant(setup), self)

    def _check(self, problem: Differentiable, setup: Setup) -> None:
        """Refuses what this adjoint is not for.

        Raises:
            ValueError: If the gradient of every step is wanted, or steps are on a grid of the forward solve.
            TypeError: If noise cannot be walked backward.
        """
        name = type(self).__name__
        if any(not isinstance(output, AtTimes) for output in problem.outputs):
            raise ValueError(
                f"`{name}` got `SaveAt(steps=...)` or `SaveAt(dense=True)`, values at the steps of the forward solve, "
                "which the adjoint equation does not know. Use `SaveAt(ts=...)`, or another method such as "
                "`nde.RecursiveCheckpointAdjoint()`."
            )
        if setup.controller.grid is not None and self.stepsize_controller is None:
            raise ValueError(
                f"`{name}` got a solve with `StepTo`, whose steps are those of the forward solve. Give the way back "
                "steps of its own: `stepsize_controller=nde.PIDController(...)`, or `nde.ConstantStepSize()` and `dt0`."
            )
        if problem.term.noisy and not problem.term.recalls(revisits=True):
            raise TypeError(
                f"`{name}` got a Brownian motion that cannot be walked backward in other steps; it wants "
                "`nde.VirtualBrownianTree(t0, t1, tol, shape, key)`."
            )

    def back(self, problem: Differentiable, setup: Setup) -> tuple[AbstractSolver, AbstractStepSizeController, Any]:
        """The solver of the way back, its controller in its loop time, and the size of its first step."""
        if self.stepsize_controller is None:
            controller = seminormed(setup.controller).wrap(-1, problem.t0.dtype)
        else:
            controller = ended_at_knots(self.stepsize_controller, problem.term)
            controller = controller.wrap(-setup.direction, problem.t0.dtype)
        dt0 = setup.dt0 if self.dt0 is None else jnp.abs(jnp.asarray(self.dt0, problem.t0.dtype))
        if controller.needs_error and self.dt0 is None:
            dt0 = None
        if dt0 is None and isinstance(controller, ConstantStepSize):
            raise ValueError(
                f"`{type(self).__name__}` got `ConstantStepSize` for the way back, but no step size; pass `dt0=...`."
            )
        return self._solver(problem, setup), controller, dt0

    def _solver(self, problem: Differentiable, setup: Setup) -> AbstractSolver:
        solver = setup.solver if self.solver is None else self.solver
        if self.solver is None and problem.term.noisy:
            kept = isinstance(solver, ExplicitRungeKutta) and solver.calculus == "stratonovich"
            return solver if kept else Heun()
        return solver


class BacksolveAdjoint(AbstractContinuousAdjoint):
    """The gradient by the adjoint equation, solved backward in time together with the equation itself.

    Memory does not grow with the number of steps. The gradient is that of the solution, not of the discretized solve:
    **it is as inexact as both solves**, and where the equation forgets where it came from, so that backward in time its
    errors grow, it is wrong. `ReversibleAdjoint` is exact and takes as little memory; `InterpolatedAdjoint` keeps the
    solution.

    For ODEs and CDEs (not to the data of a path), and for SDEs along a `VirtualBrownianTree`: a Stratonovich solve as
    it is, an Itô solve (`nde.Euler()`, say) by the Stratonovich equation with the same solution. With `SaveAt(ts=...)`,
    `t0`, `t1`, `fn` and `subs`. Reverse mode only; forward-over-reverse works, for Hessians.

    Attributes:
        solver: Of the way back; by default that of the solve, or `nde.Heun()` where that is not for Stratonovich noise.
        stepsize_controller: By default that of the solve, its norm taken of the solution and its cotangent. The
            cotangents of parameters are mere integrals, which do not matter to the rest: one of your own leaves them
            out with `norm=nde.adjoint_rms_seminorm`, and asks for them with `norm=nde.rms_norm`.
        dt0: Size of the first step; by default that of the solve with constant steps, otherwise chosen.
        max_steps: Most steps between two save times.

    Raises:
        ValueError: With `SaveAt(steps=...)`, `SaveAt(dense=True)`, or `StepTo` and no controller of its own.
        TypeError: With another Brownian motion; for derivatives to the data of a path.

    Source: Chen, Rubanova, Bettencourt and Duvenaud, *Neural ordinary differential equations* (2018),
    doi:10.48550/arXiv.1806.07366; Li, Wong, Chen and Duvenaud (2020), doi:10.48550/arXiv.2001.01328; Kidger, Chen and
    Lyons, *"Hey, that's not an ODE"* (2021), doi:10.48550/arXiv.2009.09457.

    Example:
        ```python
        import jax
        import nde

        controller = nde.PIDController(rtol=1e-6, atol=1e-6, norm=nde.adjoint_rms_seminorm)
        adjoint = nde.BacksolveAdjoint(stepsize_controller=controller)

        def final(rate):
            term = nde.ODETerm(lambda t, y, args: -args * y)
            return nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, 0.1, 1.0, args=rate, adjoint=adjoint).ys[0]

        print(jax.grad(final)(1.0))
        ```
    """

    solver: AbstractSolver | None = None
    stepsize_controller: AbstractStepSizeController | None = None
    dt0: float | None = None
    max_steps: int | None = eqx.field(default=4096, static=True)

    def forward(self, problem: Differentiable, setup: Setup) -> tuple[Outcome, AbstractSolution]:
        """The plain solve."""
        return solve_plainly(problem, setup), Carried()


class InterpolatedAdjoint(AbstractContinuousAdjoint):
    """The gradient by the adjoint equation, along the solution that is kept as a path.

    As `BacksolveAdjoint`, but that the solution is not solved again: it does not drift away on the way back, and the
    adjoint equation is linear. Memory holds all steps with what values inside of them are made of. For ODEs and CDEs.

    Attributes:
        solver: Of the way back; by default that of the solve.
        stepsize_controller: As of `BacksolveAdjoint`.
        dt0: Size of the first step; by default that of the solve with constant steps, otherwise chosen.
        max_steps: Most steps between two save times.

    Raises:
        ValueError: As `BacksolveAdjoint`; if `max_steps` of the solve is `None`.
        TypeError: With noise; for derivatives to the data of a path.

    Source: Kidger, *On neural differential equations* (2022), section 5.1, doi:10.48550/arXiv.2202.02435.

    Example:
        ```python
        import jax
        import nde

        def final(rate):
            term = nde.ODETerm(lambda t, y, args: -args * y)
            adjoint = nde.InterpolatedAdjoint()
            return nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, 0.1, 1.0, args=rate, adjoint=adjoint).ys[0]

        print(jax.grad(final)(1.0))
        ```
    """

    solver: AbstractSolver | None = None
    stepsize_controller: AbstractStepSizeController | None = None
    dt0: float | None = None
    max_steps: int | None = eqx.field(default=4096, static=True)

    def forward(self, problem: Differentiable, setup: Setup) -> tuple[Outcome, AbstractSolution]:
        """The solve, and its steps.

        Raises:
            TypeError: With noise.
            ValueError: If there is no bound on the number of steps.
        """
        if problem.term.noisy:
            raise TypeError("`InterpolatedAdjoint` got noise, which it is not for; use `nde.BacksolveAdjoint()`.")
        most = setup.most_steps
        if most is None:
            raise ValueError("`InterpolatedAdjoint` got `max_steps=None`; it wants to know how much room to make.")
        outcome, steps = solve_recorded(problem, setup, DenseRecorder(most))
        return outcome, Interpolated(jax.vmap(lambda step: step.collected())(steps), setup.direction)


@eqx.filter_custom_vjp
def _solve(problem: Differentiable, setup: Setup, adjoint: AbstractContinuousAdjoint) -> Outcome:
    del adjoint
    return solve_plainly(problem, setup)


@_solve.def_fwd
def _forward(
    perturbed: PyTree[bool], problem: Differentiable, setup: Setup, adjoint: AbstractContinuousAdjoint
) -> tuple[Outcome, tuple[Outcome, AbstractSolution]]:
    if any(_data_varies(term) for term in _leaves(perturbed.term)):
        raise TypeError(
            f"`{type(adjoint).__name__}` got a derivative to the data of a path, which it does not make; use "
            "`nde.RecursiveCheckpointAdjoint()`, or wrap the data in `jax.lax.stop_gradient`."
        )
    outcome, solution = adjoint.forward(problem, setup)
    return outcome, (outcome, solution)


@_solve.def_bwd
def _backward(
    residuals: tuple[Outcome, AbstractSolution],
    cotangent: Outcome,
    perturbed: PyTree[bool],
    problem: Differentiable,
    setup: Setup,
    adjoint: AbstractContinuousAdjoint,
) -> Any:
    outcome, solution = residuals
    varying, fixed = eqx.partition(problem, perturbed)
    return _Backsolve(varying, fixed, setup, adjoint, solution, outcome, cotangent).run()


def _leaves(term: AbstractTerm) -> tuple[Any, ...]:
    return term.terms if isinstance(term, MultiTerm) else (term,)


def _data_varies(term: Any) -> bool:
    path = term.controlled.path if isinstance(term, ControlledODETerm) else term.path
    return any(leaf is True for leaf in jax.tree.leaves(path))


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


class _Backsolve(eqx.Module):
    """The pull-back of a solve by its adjoint equation.

    Attributes:
        varying: The inputs that derivatives are wanted of.
        fixed: The other inputs.
        setup: The constants of the solve.
        adjoint: How the adjoint equation is solved.
        solution: Where it has the solution from.
        ended: How the solve ended.
        cotangent: The cotangent of that, `None` where it is zero.
    """

    varying: PyTree[Array | None]
    fixed: PyTree[Any]
    setup: Setup
    adjoint: AbstractContinuousAdjoint
    solution: AbstractSolution
    ended: Outcome
    cotangent: Outcome

    def run(self) -> PyTree[Array | None]:
        """The cotangent of the varying inputs."""
        problem, end = self.problem(self.varying), self.ended
        term, (solver, controller, dt0) = self.term(), self.adjoint.back(problem, self.setup)
        state = at_rest(self.solution, end.y, term.varying)
        state = dataclasses.replace(state, a=filled(self.cotangent.y, end.y))
        solver = solver.made_for(term, self.setup.real(end.t), state, None)
        back = _Back(term, solver, controller, self.setup, self.adjoint.max_steps)
        sweep = _Sweep(state, tree.zeros_like(self.varying), end.t, back.first_step(state, end.t, problem.t0, dt0))
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
            return _ItoAdjointTerm(*own, self.solution)
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


class _ItoAdjointTerm(AdjointTerm):
    """That of the Stratonovich equation whose solution is that of an Itô equation."""

    def _along(self, own: Any, t: Any, at: Adjoined) -> Adjoined:
        return super()._along(lambda t, term, y, args: own(t, ito_to_stratonovich(term), y, args), t, at)


class _Back(eqx.Module):
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
