"""Optimize-then-discretize: the adjoint equation, solved backward in time."""

import abc
import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.clock import Clock
from nde.core.results import RESULTS, SUCCESSFUL, code_of
from nde.core.types import Time
from nde.gradients.adjoint_drives import path_of, single_terms
from nde.gradients.adjoint_solve import AdjointSolve
from nde.gradients.adjoint_term import AbstractSolution, CarriedSolution, InterpolatedSolution
from nde.gradients.base import AbstractAdjoint
from nde.gradients.inputs import Inputs
from nde.gradients.modes import reverse_mode_once, reverse_mode_only
from nde.gradients.primitive import Levels, Rules, differentiable
from nde.gradients.seminorm import with_seminorm
from nde.integrate.knots import end_at_knots
from nde.integrate.outcome import Outcome, solve_plainly, solve_recorded
from nde.integrate.problem import Differentiable, Setup, solver_of
from nde.integrate.recorders import DenseRecorder
from nde.solvers import AbstractSolver, Heun
from nde.stepping import AbstractStepSizeController, ClipStepSizeController, ConstantStepSize
from nde.terms.dependence import depends_on


class AbstractContinuousAdjoint(AbstractAdjoint):
    """What the two ways to solve the adjoint equation have in common."""

    solver: eqx.AbstractVar[AbstractSolver | None]
    stepsize_controller: eqx.AbstractVar[AbstractStepSizeController | None]
    dt0: eqx.AbstractVar[float | None]
    max_steps: eqx.AbstractVar[int | None]

    @property
    @abc.abstractmethod
    def carried(self) -> bool:
        """Whether the solution is solved again, as part of the adjoint state."""

    @abc.abstractmethod
    def forward(self, problem: Differentiable, setup: Setup) -> tuple[Outcome, AbstractSolution]:
        """The solve, and where the adjoint equation will have its solution from."""

    def solve(self, problem: Differentiable, setup: Setup) -> Outcome:
        """The solve, with a reverse mode of its own."""
        self._check(problem)
        rules = Rules(solve_plainly, self._forward, self._backward)
        return differentiable(rules, reverse_mode_only(problem, type(self).__name__), setup)

    def _forward(
        self, problem: Differentiable, setup: Setup, wanted: PyTree[bool]
    ) -> tuple[Outcome, tuple[Outcome, AbstractSolution]]:
        _check_data(wanted, problem, type(self).__name__)
        outcome, solution = self.forward(problem, setup)
        return reverse_mode_once(outcome, type(self).__name__), (outcome, solution)

    def _backward(
        self,
        problem: Differentiable,
        setup: Setup,
        wanted: PyTree[bool],
        kept: tuple[Outcome, AbstractSolution],
        cotangent: Outcome,
        levels: Levels,
    ) -> PyTree[Array | None]:
        outcome, solution = kept
        inputs = Inputs(*eqx.partition(problem, wanted), setup)
        outcome = _unless_idle(problem, outcome, cotangent)
        back = self.back(problem, setup)
        solve = AdjointSolve(inputs, *back, solution, outcome, cotangent, self.max_steps).in_steps(levels)
        return reverse_mode_once(solve.run(), type(self).__name__)

    def _check(self, problem: Differentiable) -> None:
        """Refuses what this adjoint is not for.

        Raises:
            TypeError: If noise cannot be walked backward.
        """
        if problem.term.noisy and not problem.term.redrawable(may_reject=True):
            raise TypeError(
                f"`{type(self).__name__}` got a Brownian motion that cannot be walked backward in other steps; it "
                "expected `nde.VirtualBrownianTree(t0, t1, tol, shape, key)`."
            )

    def back(self, problem: Differentiable, setup: Setup) -> tuple[AbstractSolver, AbstractStepSizeController, Any]:
        """The solver of the way back, its controller in its loop time, and the size of its first step."""
        own = self.stepsize_controller
        if own is None:
            chosen = with_seminorm(setup.controller, self.carried)
            clock = Clock(jnp.zeros_like(problem.t0), jnp.asarray(-1, jnp.int32))
        else:
            chosen, clock = end_at_knots(own, problem.term), setup.clock.reversed()
        controller = restartable(chosen).wrap(clock)
        dt0 = self._first_step(problem, setup, chosen)
        if dt0 is None and controller.needs_dt0:
            raise ValueError(
                f"`{type(self).__name__}` got `ConstantStepSize` for the way back, but no step size; pass `dt0=...`."
            )
        solver = self._solver(problem, setup)
        if controller.needs_error and not solver.adaptive:
            raise ValueError(
                f"`{type(self).__name__}` got {type(solver).__name__}, which estimates no error, for adaptive steps on "
                "the way back. Give it another, as in `solver=nde.Heun()`."
            )
        return solver, controller, dt0

    def _first_step(self, problem: Differentiable, setup: Setup, controller: AbstractStepSizeController) -> Time | None:
        """The size of the first step; `None` where the controller chooses it."""
        if self.dt0 is not None:
            return jnp.abs(jnp.asarray(self.dt0, problem.t0.dtype))
        if controller.needs_error:
            return None
        return setup.dt0 if controller.grid is None else problem.t1 - problem.t0

    def _solver(self, problem: Differentiable, setup: Setup) -> AbstractSolver:
        solver = solver_of(problem, setup).of_adjoint if self.solver is None else self.solver
        if self.solver is None and problem.term.noisy:
            return solver if solver.solves_stochastic_adjoints else Heun()
        return solver


def _unless_idle(problem: Differentiable, outcome: Outcome, cotangent: Outcome) -> Outcome:
    """The outcome; of a solve that failed and of which no derivative comes back, that of no steps.

    Its last state may be infinite, and zero times that is no number: the sum over lanes would be none, either.
    """
    zero = [jnp.all(leaf == 0) for leaf in jax.tree.leaves(cotangent)]
    failed = (outcome.code != SUCCESSFUL) & (outcome.code != code_of(RESULTS.event_occurred))
    idle = functools.reduce(jnp.logical_and, zero, failed)
    ends = tree.where(idle, (problem.t0, problem.y0), (outcome.t, outcome.y))
    return eqx.tree_at(lambda o: (o.t, o.y), outcome, ends)


class BacksolveAdjoint(AbstractContinuousAdjoint):
    """The gradient by the adjoint equation, solved backward in time together with the equation itself.

    Memory does not grow with the number of steps. The gradient is that of the solution, not of the discretized solve:
    **it is as inexact as both solves**, and where the equation forgets where it came from, so that backward in time its
    errors grow, it is wrong. `ReversibleAdjoint` is exact and takes as little memory; `InterpolatedAdjoint` keeps the
    solution.

    For ODEs and CDEs, to the data of a path too, and for SDEs along a `VirtualBrownianTree`: a Stratonovich solve as it
    is, an Itô solve (`nde.Euler()`, say) by the Stratonovich equation with the same solution. All of `SaveAt` works;
    with `steps` or `dense` the steps of the forward solve are times that the way back stops at. Derivatives to `t0`,
    `t1`, `ts` and jump times are those of the default. Reverse mode only; forward-over-reverse works, for Hessians.

    Attributes:
        solver: Of the way back; by default that of the solve, or `nde.Heun()` where that is not for Stratonovich noise.
        stepsize_controller: By default that of the solve, its norm taken of the solution and its cotangent. The
            cotangents of parameters and data are mere integrals, which do not matter to the rest: one of your own
            leaves them out with `norm=nde.adjoint_rms_seminorm`, and asks for them with `norm=nde.rms_norm`.
        dt0: Size of the first step; by default that of the solve with constant steps, otherwise chosen.
        max_steps: Most steps between two save times; the gradient is `nan` where they do not do.

    Raises:
        ValueError: For adaptive steps back with a solver that estimates no error; for constant ones of no size.
        TypeError: With another Brownian motion; for derivatives to the times of a path with kinks there.
        RuntimeError: For reverse mode of the gradient.

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

    @property
    def carried(self) -> bool:
        """True."""
        return True

    def forward(self, problem: Differentiable, setup: Setup) -> tuple[Outcome, AbstractSolution]:
        """The plain solve."""
        return solve_plainly(problem, setup), CarriedSolution()


class InterpolatedAdjoint(AbstractContinuousAdjoint):
    """The gradient by the adjoint equation, solved backward in time along the stored solution.

    As `BacksolveAdjoint`, but that the solution is not solved again: it does not drift away on the way back, and the
    adjoint equation is linear. Memory holds room for `max_steps` steps of the solve with what values inside
    them are made of: give it no more than it needs. For ODEs and CDEs.

    Attributes:
        solver: Of the way back; by default that of the solve.
        stepsize_controller: As of `BacksolveAdjoint`.
        dt0: Size of the first step; by default that of the solve with constant steps, otherwise chosen.
        max_steps: Most steps between two save times.

    Raises:
        ValueError: As `BacksolveAdjoint`; if `max_steps` of the solve is `None`.
        TypeError: With noise; for derivatives to the times of a path with kinks there.
        RuntimeError: As `BacksolveAdjoint`.

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

    @property
    def carried(self) -> bool:
        """False: it is kept."""
        return False

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
            raise ValueError("`InterpolatedAdjoint` got `max_steps=None`; expected a bound, to know how much to store.")
        outcome, steps = solve_recorded(problem, setup, DenseRecorder(most, collects=True))
        return outcome, InterpolatedSolution(steps, setup.clock)


def restartable(controller: AbstractStepSizeController) -> AbstractStepSizeController:
    """The controller; for steps on a known grid one that may start and end anywhere in it."""
    if controller.grid is None:
        return controller
    return ClipStepSizeController(ConstantStepSize(), kink_ts=controller.landmarks)


def _check_data(wanted: PyTree[bool], problem: Differentiable, name: str) -> None:
    """Refuses derivatives to data that the adjoint equation does not have.

    Raises:
        TypeError: For those to the interval of noise, to arrays of the solver, or to the times of data whose path has
            kinks there.
    """
    for term, moving in zip(single_terms(problem.term), single_terms(wanted.term), strict=True):
        if term.noisy and any(leaf is True for leaf in jax.tree.leaves(path_of(moving))):
            raise TypeError(
                f"`{name}` got a derivative to the interval of a Brownian motion, which has none. Wrap its times in "
                "`jax.lax.stop_gradient`."
            )
    varying, fixed = eqx.partition(problem.term, wanted.term)
    if any(jax.tree.leaves(wanted.solver_weights)):
        raise TypeError(
            f"`{name}` got a derivative to the arrays of a solver, such as the network of a `Hyper`, which the adjoint "
            "equation does not know. Use `nde.RecursiveCheckpointAdjoint()`, or wrap them in `jax.lax.stop_gradient`."
        )
    if depends_on(lambda varying: eqx.combine(varying, fixed).knots, varying):
        raise TypeError(
            f"`{name}` got a derivative to the times `ts` of a path with kinks there, which the adjoint equation does "
            "not make. Use `nde.RecursiveCheckpointAdjoint()` or a smooth path such as `nde.CubicInterpolation`, or "
            "wrap the times in `jax.lax.stop_gradient`."
        )
