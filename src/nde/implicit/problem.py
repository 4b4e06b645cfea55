"""The problem of a fixed point, as its gradients see it."""

import equinox as eqx

from nde.core.closure import ConvertedFunction
from nde.core.types import Args, RealScalar
from nde.roots.criterion import SmallResidual
from nde.roots.equation import Equation
from nde.roots.iteration import AbstractIterativeSolver, Iteration
from nde.roots.members import Rows

Inputs = tuple[ConvertedFunction, Args]
"""What a fixed point depends on."""


class Displacement(eqx.Module):
    """The residual of a fixed point, `f(x) - x`."""

    equation: Equation

    def __call__(self, x: Rows) -> Rows:
        """The residual in rows."""
        return self.equation(x) - x


class FixedPoint(eqx.Module):
    """A fixed point to find.

    Attributes:
        equation: The map.
        x0: Where to begin.
        solver: The iteration.
        rtol: Relative tolerance.
        atol: Absolute tolerance.
        max_steps: Most steps.
        history: Whether residuals are kept.
        throw: Whether a derivative raises that is not accurate.
    """

    equation: Equation
    x0: Rows
    solver: AbstractIterativeSolver
    rtol: RealScalar
    atol: RealScalar
    max_steps: int = eqx.field(static=True)
    history: bool = eqx.field(static=True)
    throw: bool = eqx.field(static=True)

    @property
    def iteration(self) -> Iteration:
        """The iteration towards it."""
        criterion = SmallResidual(self.rtol, self.atol)
        return Iteration(Displacement(self.equation), self.solver, criterion, self.max_steps, self.history)

    def displacement(self, inputs: Inputs, x: Rows) -> Rows:
        """The residual as a function of what the fixed point depends on."""
        return Displacement(self.equation.with_inputs(inputs))(x)
