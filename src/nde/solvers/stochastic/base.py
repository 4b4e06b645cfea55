"""What solvers share that treat drift and diffusion each in its own way."""

from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import PyTree

from nde.core import tree
from nde.core.polynomial import Polynomial
from nde.core.types import Args, RealScalar, Y
from nde.solvers.base import AbstractSolver
from nde.terms import AbstractTerm, drift_and_diffusion


class AbstractStochasticSolver(AbstractSolver):
    """A one-step method for `MultiTerm(ODETerm(drift), ControlTerm(diffusion, brownian_motion))`.

    States inside a step are on the line between its ends.
    """

    nodes: ClassVar[tuple[float, ...]] = (0.0,)

    def made_for(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> "AbstractStochasticSolver":
        """The solver, if the terms are drift and diffusion.

        Raises:
            TypeError: If they are not, or the Brownian motion lacks an area that the solver needs.
        """
        del t, y, args
        drift_and_diffusion(terms, type(self).__name__)
        return self

    def warm(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args, state: PyTree[Any]) -> PyTree[Any]:
        """Nothing is used again."""
        del terms, t, y, args, state
        return None

    def inside(
        self, terms: AbstractTerm, y: Y, args: Args, drive: PyTree[Any], t: RealScalar, h: RealScalar, stages: PyTree
    ) -> Polynomial:
        """The line between the ends of the step; `stages` is the change over it."""
        del terms, y, args, drive, t, h
        return line(stages)


class Drives(eqx.Module):
    """The drive of a step: its size, and the Brownian increment."""

    h: RealScalar
    noise: Any


def drives(drive: tuple[RealScalar, Any]) -> Drives:
    """The drive of drift and diffusion by name."""
    return Drives(*drive)


def line(change: Y) -> Polynomial:
    """The line between the ends of a step, over which the state changes so much."""
    return Polynomial(1.0, (change,), ((1.0,),))


def change(y0: Y, y1: Y) -> Y:
    """`y1 - y0`."""
    return tree.add(y1, tree.scaled(y0, -1.0))
