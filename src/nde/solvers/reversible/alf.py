"""The asynchronous leapfrog method."""

from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core import tree
from nde.core.polynomial import Polynomial
from nde.core.types import Args, RealScalar, Y
from nde.solvers.base import StepOut, StepStart
from nde.solvers.reversible.base import AbstractReversibleSolver
from nde.terms import AbstractTerm


class ALF(AbstractReversibleSolver):
    """The asynchronous leapfrog method, a reversible method that carries a velocity; the solver of MALI.

    A step drifts to its middle by the velocity, corrects the velocity by the one evaluation there, and drifts to its
    end: `m = y + v h/2`, `v1 = v + 2 damping (f(m) - v)`, `y1 = m + v1 h/2`. For ODEs and smooth controls.

    Without damping it is of order 2, and stable for `h λ` on the imaginary axis up to `±i` and nowhere else. With
    `damping=η < 1` it is stable inside a region, on the negative axis down to `h λ = -2 (1 - η) / η`, but of order
    1, for the velocity lags behind by `(1 - η) / (2 η)` of a step. And each inverted step multiplies an error
    of the velocity, rounding too, by `1 / (2 η - 1)`: over a hundred steps by 7.5 with `η=0.99`, by 5 billion with
    `η=0.9`.

    Attributes:
        damping: More than 1/2, at most 1, which is without damping.

    Raises:
        ValueError: If `damping` is not in that range.

    Source: Zhuang et al., *MALI: a memory efficient and reverse accurate integrator for neural ODEs* (2021),
    doi:10.48550/arXiv.2102.04668.

    Example:
        ```python
        import nde

        term = nde.ODETerm(lambda t, y, args: -y)
        sol = nde.diffeqsolve(term, nde.ALF(damping=0.99), 0.0, 1.0, 0.01, 1.0, adjoint=nde.ReversibleAdjoint())
        print(sol.ys)
        ```
    """

    damping: float = eqx.field(default=1.0, static=True)
    adaptive: ClassVar[bool] = True
    nodes: ClassVar[tuple[float, ...]] = (0.5,)

    def __check_init__(self) -> None:
        if not 0.5 < self.damping <= 1:
            raise ValueError(
                f"`ALF` got `damping={self.damping}`; expected a number above 0.5, at which a step cannot be "
                "inverted, and at most 1, which is without damping. Try 0.99."
            )

    def order(self, terms: AbstractTerm | None = None) -> int:
        """Two; one with damping."""
        del terms
        return 2 if self.damping == 1 else 1

    def init(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> Y:
        """The velocity at the start."""
        return terms.derivative(t, y, args)

    def init_cache(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args, state: PyTree[Any]) -> None:
        """Nothing is used again."""
        del terms, t, y, args, state

    def step(
        self,
        terms: AbstractTerm,
        start: StepStart,
        args: Args,
        drive: PyTree[Any],
        t: RealScalar,
        h: RealScalar,
    ) -> StepOut:
        """Drift, correction, drift; the error estimate is the difference to Euler's method with the velocity."""
        half, state = 0.5 * h, start.solver_state
        middle = tree.add_scaled(start.y, half, (1.0,), (state,))
        field = _velocity(terms, middle, args, drive, t, h)
        velocity = tree.combine(1.0, (2 * self.damping, 1 - 2 * self.damping), (field, state))
        y1 = tree.add_scaled(middle, half, (1.0,), (velocity,))
        before, after = tree.scaled(state, half), tree.scaled(velocity, half)
        return StepOut(y=y1, error=tree.minus(after, before), stages=(before, after), cache=None, state=velocity)

    def unstep(
        self,
        terms: AbstractTerm,
        end: StepStart,
        args: Args,
        drive: PyTree[Any],
        earlier: PyTree[Any],
        t: RealScalar,
        h: RealScalar,
    ) -> StepStart:
        """The same drifts and the correction, the other way."""
        del earlier
        half, state = 0.5 * h, end.solver_state
        middle = tree.add_scaled(end.y, half, (-1.0,), (state,))
        field = _velocity(terms, middle, args, drive, t, h)
        kept = 1 - 2 * self.damping
        velocity = tree.combine(1 / kept, (1.0, -2 * self.damping), (state, field))
        return StepStart(tree.add_scaled(middle, half, (-1.0,), (velocity,)), velocity)

    def interpolant(
        self, terms: AbstractTerm, y: Y, args: Args, drive: PyTree[Any], t: RealScalar, h: RealScalar, stages: PyTree
    ) -> Polynomial:
        """A parabola by the velocities at both ends."""
        del terms, y, args, drive, t, h
        return Polynomial(2.0, stages, ((1.0, -0.5), (0.0, 0.5)))


def _velocity(terms: AbstractTerm, y: Y, args: Args, drive: PyTree[Any], t: RealScalar, h: RealScalar) -> Y:
    """The derivative of the state in the middle of a step; of a control, whose increment is known, the mean."""
    slope = terms.slope(terms.vf(t + 0.5 * h, y, args), y, drive, 0)
    return tree.scaled(slope, terms.scale(drive) / jnp.where(h == 0, 1, h))
