"""The interface of solvers: one step, and the properties of the method."""

import abc
from typing import Any, ClassVar, Generic, TypeVar

import equinox as eqx
from jaxtyping import PyTree

from nde.core.advice import Advice
from nde.core.polynomial import Polynomial
from nde.core.types import Args, RealScalar, Y
from nde.terms import AbstractTerm


class StepStart(eqx.Module):
    """What a step starts from besides its time; the step before hands it on.

    Attributes:
        y: The state.
        solver_state: What the solver needs and cannot rebuild.
        cache: What the solver can use again, but could also rebuild; `None` without one.
    """

    y: Y
    solver_state: PyTree[Any]
    cache: PyTree[Any] = None


class StepOut(eqx.Module):
    """The outcome of one attempted step.

    Attributes:
        y: The state at the end of the step.
        error: An estimate of the local error, shaped as the state; `None` without one.
        stages: What values inside the step are computed from.
        cache: What the next step can use again, but could also rebuild.
        state: What the next step needs and cannot rebuild.
        advice: Wishes to the controller.
    """

    y: Y
    error: Y | None
    stages: PyTree[Any]
    cache: PyTree[Any]
    state: PyTree[Any]
    advice: Advice = Advice()


SolverState = TypeVar("SolverState")
"""What a solver carries from step to step and cannot rebuild."""


class AbstractSolver(eqx.Module, Generic[SolverState]):
    """A one-step method.

    A step is pure and differentiable: it neither decides nor saves. What a solver carries from step to step comes in
    two parts. Its *cache* can be rebuilt from `(t, y)` (the last slope of a first-same-as-last method), so no record
    keeps it; its *state* cannot, so every record does.

    Example:
        ```python
        import nde

        assert isinstance(nde.Tsit5(), nde.AbstractSolver)
        print(nde.Tsit5().order())
        ```
    """

    adaptive: eqx.AbstractVar[bool]
    nodes: eqx.AbstractVar[tuple[float, ...]]
    needs: ClassVar[frozenset[str]] = frozenset()

    term_structure: ClassVar[Any] = AbstractTerm
    """The terms that it is for, as an annotation."""

    @property
    def calculus(self) -> str:
        """The solution to which a solve with noise converges: `"ito"`, `"stratonovich"`, or `"none"`: not for noise."""
        return "none"

    @property
    def solves_stochastic_adjoints(self) -> bool:
        """Whether it solves the adjoint equation of a Stratonovich equation, whose term is no drift and diffusion."""
        return False

    @property
    def of_adjoint(self) -> "AbstractSolver":
        """The solver of the adjoint equation of its solves, if none is given."""
        return self

    @property
    def fitted_steps(self) -> tuple[float, float] | None:
        """The least and the greatest step that it was fitted for, with their signs; `None` if it is for any."""
        return None

    @abc.abstractmethod
    def order(self, terms: AbstractTerm | None = None) -> int:
        """The order of convergence for ordinary differential equations."""

    def strong_order(self, terms: AbstractTerm | None = None) -> float:
        """The strong order of convergence for noise of any kind that the solver is for.

        Raises:
            TypeError: If the solver is not for noise.
        """
        del terms
        raise TypeError(f"`{type(self).__name__}` is not for stochastic differential equations.")

    def error_order(self, terms: AbstractTerm | None = None) -> RealScalar:
        """The order of the local error by which step sizes are chosen."""
        return self.strong_order(terms) + 0.5 if terms is not None and terms.noisy else self.order(terms)

    def specialize(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> "AbstractSolver":
        """The solver for these terms, which are closed and have shapes as at `(t, y, args)`.

        Raises:
            TypeError: If it is not for such terms.
        """
        del terms, t, y, args
        return self

    def init(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> PyTree[Any]:
        """The state before the first step."""
        del terms, t, y, args
        return None

    def func(self, terms: AbstractTerm, t0: RealScalar, y0: Y, args: Args) -> PyTree[Any]:
        """The vector field of the terms, as the solver sees it."""
        return terms.vf(t0, y0, args)

    @abc.abstractmethod
    def init_cache(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args, state: PyTree[Any]) -> PyTree[Any]:
        """The cache that a step from `(t, y)` in this state needs."""

    @abc.abstractmethod
    def step(
        self,
        terms: AbstractTerm,
        start: StepStart,
        args: Args,
        drive: PyTree[Any],
        t: RealScalar,
        h: RealScalar,
    ) -> StepOut:
        """One step from `t` to `t + h`.

        Args:
            terms: The right-hand side.
            start: What the step starts from.
            args: The user's arguments.
            drive: What drives the step.
            t: Start of the step.
            h: Its size; negative when walking backward.
        """

    @abc.abstractmethod
    def interpolant(
        self, terms: AbstractTerm, y: Y, args: Args, drive: PyTree[Any], t: RealScalar, h: RealScalar, stages: PyTree
    ) -> Polynomial:
        """The change of the state since the start of the step, at each fraction of it.

        Stages that only values inside the step need are computed here.
        """
