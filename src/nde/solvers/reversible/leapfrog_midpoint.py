"""The leapfrog, or explicit midpoint, method over two steps."""

from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core import tree
from nde.core.polynomial import Polynomial
from nde.core.types import Args, RealScalar, Y
from nde.solvers.base import StepOut, StepStart
from nde.solvers.reversible.base import AbstractReversibleSolver
from nde.terms import AbstractTerm


class LeapfrogMidpoint(AbstractReversibleSolver):
    """The reversible two-step method `y2 = y0 + (t2 - t0) f(t1, y1)`, with one evaluation a step.

    Of order 2 with constant steps, for ODEs and for smooth controls; steps of different sizes, and kinks of a control,
    cost an order. It begins with a step of Euler's method. It estimates no error.

    It is stable for `h λ` on the imaginary axis up to `±i`, and nowhere else: choose it for oscillations. Where the
    solution decays like `exp(-a t)` a wrong part of the solution grows like `exp(a t)`, on the way back as well.

    Source: Zhuang et al., *MALI* (2021), doi:10.48550/arXiv.2102.04668; Kidger, *On neural differential equations*
    (2022), section 5.3.2.2, doi:10.48550/arXiv.2202.02435.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        term = nde.ODETerm(lambda t, y, args: jnp.stack([y[1], -y[0]]))
        sol = nde.diffeqsolve(term, nde.LeapfrogMidpoint(), 0.0, jnp.pi, jnp.pi / 100, jnp.array([0.0, 1.0]))
        print(sol.ys)
        ```
    """

    adaptive: ClassVar[bool] = False
    nodes: ClassVar[tuple[float, ...]] = (0.0,)
    multistep: ClassVar[bool] = True

    def order(self, terms: AbstractTerm | None = None) -> int:
        """Two."""
        del terms
        return 2

    def init(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> tuple[Y, PyTree[Any]]:
        """The state before, and what drove the step from there: here a step of length zero."""
        del args
        drive, _ = terms.prepare(t, t, jnp.zeros_like(t), self.nodes, self.needs, terms.begin(t))
        return y, drive

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
        """From the state before over both steps, by the vector field between them."""
        del h
        y, (before, earlier) = start.y, start.solver_state
        first, second = _changes(terms, y, args, earlier, drive, t)
        y1 = tree.add(before, tree.add(first, second))
        return StepOut(y=y1, error=None, stages=(second, tree.minus(y1, y)), cache=None, state=(y, drive))

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
        """The same formula, the other way."""
        del h
        middle, _ = end.solver_state
        first, second = _changes(terms, middle, args, earlier, drive, t)
        return StepStart(middle, (tree.minus(end.y, tree.add(first, second)), earlier))

    def interpolant(
        self, terms: AbstractTerm, y: Y, args: Args, drive: PyTree[Any], t: RealScalar, h: RealScalar, stages: PyTree
    ) -> Polynomial:
        """A parabola by the slope at the start and the state at the end."""
        del terms, y, args, drive, t, h
        return Polynomial(1.0, stages, ((1.0, -1.0), (0.0, 1.0)))


def _changes(
    terms: AbstractTerm, y: Y, args: Args, earlier: PyTree[Any], drive: PyTree[Any], t: RealScalar
) -> tuple[Y, Y]:
    """What the vector field between two steps changes over each of them."""
    field = terms.vf(t, y, args)
    first, second = (tree.scaled(terms.slope(field, y, each, 0), terms.scale(each)) for each in (earlier, drive))
    return first, second
