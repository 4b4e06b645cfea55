"""What solvers share that treat drift and diffusion each in its own way."""

import abc
from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import PyTree

from nde.core import tree
from nde.core.polynomial import Polynomial
from nde.core.types import Args, RealScalar, Y
from nde.solvers.base import AbstractSolver, StepOut, StepStart
from nde.terms import AbstractTerm, ControlTerm, MultiTerm, ODETerm, drift_and_diffusion


class Drive(eqx.Module):
    """The drive of a step.

    Attributes:
        h: Its size; negative when walking backward.
        noise: The Brownian increment over it.
    """

    h: RealScalar
    noise: Any


class AbstractStochasticSolver(AbstractSolver):
    """A one-step method for `MultiTerm(ODETerm(drift), ControlTerm(diffusion, brownian_motion))`.

    States inside a step are on the line between its ends.
    """

    term_structure: ClassVar[Any] = MultiTerm[tuple[ODETerm, AbstractTerm]]
    nodes: ClassVar[tuple[float, ...]] = (0.0, 1.0)

    def specialize(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> "AbstractStochasticSolver":
        """The solver, if the terms are drift and diffusion.

        Raises:
            TypeError: If they are not, or the Brownian motion lacks an area that the solver needs.
        """
        del t, y, args
        drift_and_diffusion(terms, type(self).__name__)
        return self

    def init_cache(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args, state: PyTree[Any]) -> PyTree[Any]:
        """Nothing is used again."""
        del terms, t, y, args, state
        return None

    @abc.abstractmethod
    def move(
        self, drift: ODETerm, diffusion: ControlTerm, t: RealScalar, y: Y, args: Args, drive: Drive
    ) -> tuple[Y, Y | None]:
        """The state at the end of a step from `(t, y)`, and an estimate of its error if there is one."""

    def step(
        self,
        terms: AbstractTerm,
        start: StepStart,
        args: Args,
        drive: PyTree[Any],
        t: RealScalar,
        h: RealScalar,
    ) -> StepOut:
        """One step by drift and diffusion."""
        del h
        drift, diffusion = drift_and_diffusion(terms, type(self).__name__)
        y1, error = self.move(drift, diffusion, t, start.y, args, Drive(*drive))
        change = tree.minus(y1, start.y)
        return StepOut(y=y1, error=error, stages=change, cache=None, state=start.solver_state)

    def interpolant(
        self, terms: AbstractTerm, y: Y, args: Args, drive: PyTree[Any], t: RealScalar, h: RealScalar, stages: PyTree
    ) -> Polynomial:
        """The line between the ends of the step; `stages` is the change over it."""
        del terms, y, args, drive, t, h
        return line(stages)


def line(change: Y) -> Polynomial:
    """The line between the ends of a step, over which the state changes so much."""
    return Polynomial(1.0, (change,), ((1.0,),))
