"""The reversible Heun method."""

from typing import Any, ClassVar

from jaxtyping import PyTree

from nde.core import tree
from nde.core.polynomial import Polynomial
from nde.core.types import Args, RealScalar, Y
from nde.solvers.base import StepOut, StepStart
from nde.solvers.reversible.base import AbstractReversibleSolver
from nde.terms import AbstractTerm


class ReversibleHeun(AbstractReversibleSolver):
    """The reversible Heun method, of order 2 (Stratonovich strong order 0.5, or 1 for additive noise).

    It carries a second state, whose vector field is all that a step evaluates: one drift and one diffusion a step.
    For ODEs, CDEs and SDEs.

    For ODEs it is stable for `h λ` on the imaginary axis up to `±i`, and nowhere else: what decays in the solution
    decays here only as long as the steps are so small that the two states stay together.

    Source: Kidger et al., *Efficient and accurate gradients for neural SDEs* (2021), doi:10.48550/arXiv.2105.13493.

    Example:
        ```python
        import jax
        import nde

        noise = nde.ControlTerm(lambda t, y, args: 0.3 * y, nde.BrownianMotion((), jax.random.key(0)))
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), noise)
        print(nde.diffeqsolve(terms, nde.ReversibleHeun(), 0.0, 1.0, 0.01, 1.0).ys)
        ```
    """

    adaptive: ClassVar[bool] = True
    nodes: ClassVar[tuple[float, ...]] = (0.0, 1.0)

    @property
    def calculus(self) -> str:
        """Stratonovich."""
        return "stratonovich"

    def order(self, terms: AbstractTerm | None = None) -> int:
        """Two."""
        del terms
        return 2

    def strong_order(self, terms: AbstractTerm | None = None) -> float:
        """One half; one for additive noise."""
        del terms
        return 0.5

    def init(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> Y:
        """The second state, which starts as the first."""
        del terms, t, args
        return y

    def init_cache(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args, state: Y) -> PyTree[Any]:
        """The vector field at the second state."""
        del y
        return terms.vf(t, state, args)

    def step(
        self,
        terms: AbstractTerm,
        start: StepStart,
        args: Args,
        drive: PyTree[Any],
        t: RealScalar,
        h: RealScalar,
    ) -> StepOut:
        """`z1 = 2 y - z + f(z) dX`, then `y1 = y + (f(z) + f(z1)) dX / 2`."""
        scale, y = terms.scale(drive), start.y
        before = tree.scaled(terms.slope(start.cache, y, drive, 0), scale)
        second = tree.add_scaled(before, 1.0, (2.0, -1.0), (y, start.solver_state))
        field = terms.vf(t + h, second, args)
        after = tree.scaled(terms.slope(field, y, drive, 1), scale)
        y1 = tree.add_scaled(y, 0.5, (1.0, 1.0), (before, after))
        error = tree.combine(0.5, (1.0, -1.0), (after, before))
        return StepOut(y=y1, error=error, stages=(before, after), cache=field, state=second)

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
        """The same formulas, the other way: `z = 2 y1 - z1 - f(z1) dX`, then `y = y1 - (f(z) + f(z1)) dX / 2`."""
        del earlier, h
        scale, y = terms.scale(drive), end.y
        after = tree.scaled(terms.slope(end.cache, y, drive, 1), scale)
        second = tree.add_scaled(tree.scaled(after, -1.0), 1.0, (2.0, -1.0), (y, end.solver_state))
        field = terms.vf(t, second, args)
        before = tree.scaled(terms.slope(field, y, drive, 0), scale)
        return StepStart(tree.add_scaled(y, -0.5, (1.0, 1.0), (before, after)), second, field)

    def interpolant(
        self, terms: AbstractTerm, y: Y, args: Args, drive: PyTree[Any], t: RealScalar, h: RealScalar, stages: PyTree
    ) -> Polynomial:
        """With noise the line between the ends of the step, otherwise a parabola by the slopes there."""
        del y, args, drive, t, h
        rows = ((0.5,), (0.5,)) if terms.noisy else ((1.0, -0.5), (0.0, 0.5))
        return Polynomial(1.0, stages, rows)
