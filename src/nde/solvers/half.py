"""An error estimate for any method: each step is taken again in two halves."""

import warnings
from typing import Any, ClassVar

from jaxtyping import PyTree

from nde.core import tree
from nde.core.polynomial import Polynomial
from nde.core.types import Args, RealScalar, Y
from nde.paths.halves import HALVES, first_half, second_half, whole_step
from nde.solvers.base import AbstractSolver, StepOut, StepStart
from nde.solvers.kinds import AbstractWrappedSolver
from nde.terms import AbstractTerm, drift_and_diffusion
from nde.terms.dependence import depends_on

_BIASED = (
    "`HalfSolver({solver}())` got a diffusion that depends on the state: with adaptive steps it does not converge to "
    "the solution. Use `nde.HalfSolver(nde.ItoMilstein())`, or `nde.Heun()` for a Stratonovich equation."
)


class HalfSolver(AbstractWrappedSolver):
    """Any method with an error estimate: each step is taken twice, as a whole and in two halves.

    The halves are the result, their difference from the whole step is the error. For methods without an error estimate,
    such as `Euler()` and `ItoMilstein()`, for ODEs and SDEs. It costs three times the steps, and is a little more
    accurate than the method itself.

    **Adaptive Euler-Maruyama does not converge** if the diffusion depends on the state: choosing steps by what the
    noise did gives its increments a mean. There is a warning; take `ItoMilstein()`, or `Heun()` for the Stratonovich
    solution.

    Attributes:
        solver: The method.

    Raises:
        TypeError: If it is no solver, or a `HalfSolver`.

    Source: Hairer, Nørsett and Wanner, *Solving ordinary differential equations I* (1993), section II.4,
    doi:10.1007/978-3-540-78862-1; on noise Gaines and Lyons (1997), doi:10.1137/S0036139995286515.

    Example:
        ```python
        import nde

        solver = nde.HalfSolver(nde.Euler())
        controller = nde.PIDController(rtol=1e-3, atol=1e-3)
        term = nde.ODETerm(lambda t, y, args: -y)
        print(nde.diffeqsolve(term, solver, 0.0, 1.0, None, 1.0, stepsize_controller=controller).stats)
        ```
    """

    solver: AbstractSolver
    adaptive: ClassVar[bool] = True
    needs: ClassVar[frozenset[str]] = frozenset({HALVES})

    def __init__(self, solver: AbstractSolver) -> None:
        """Make a solver.

        Args:
            solver: The method.
        """
        if not isinstance(solver, AbstractSolver):
            raise TypeError(
                f"`HalfSolver` got {type(solver).__name__}; expected a method, as in `nde.HalfSolver(nde.Euler())`."
            )
        if isinstance(solver, HalfSolver):
            raise TypeError("`HalfSolver` got a `HalfSolver`; halve the method itself.")
        self.solver = solver

    @property
    def nodes(self) -> tuple[float, ...]:
        """Those of the method, in the whole step and in each half."""
        return self.solver.nodes

    def error_order(self, terms: AbstractTerm | None = None) -> RealScalar:
        """That of the method's local error."""
        noisy = terms is not None and terms.noisy
        return self.strong_order(terms) + 0.5 if noisy else self.order(terms) + 1

    def specialize(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> "HalfSolver":
        """For the method made for the terms, with a warning if adaptive steps would not converge.

        Raises:
            TypeError: If the method is not for such terms.
        """
        if terms.noisy and self.calculus == "ito" and self.strong_order(terms) < 1:
            _, diffusion = drift_and_diffusion(terms, type(self).__name__)
            if depends_on(lambda y: diffusion.vf(t, y, args), y):
                warnings.warn(_BIASED.format(solver=type(self.solver).__name__), stacklevel=2)
        return HalfSolver(self.solver.specialize(terms, t, y, args))

    def init(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> PyTree[Any]:
        """The method's."""
        return self.solver.init(terms, t, y, args)

    def init_cache(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args, state: PyTree[Any]) -> PyTree[Any]:
        """The method's."""
        return self.solver.init_cache(terms, t, y, args, state)

    def step(
        self,
        terms: AbstractTerm,
        start: StepStart,
        args: Args,
        drive: PyTree[Any],
        t: RealScalar,
        h: RealScalar,
    ) -> StepOut:
        """The step, and its halves."""
        half = 0.5 * h
        one = self.solver.step(terms, start, args, whole_step(drive), t, h)
        first = self.solver.step(terms, start, args, first_half(drive), t, half)
        middle = StepStart(first.y, first.state, first.cache)
        second = self.solver.step(terms, middle, args, second_half(drive), t + half, h - half)
        error = tree.minus(second.y, one.y)
        stages = (one.stages, error)
        return StepOut(y=second.y, error=error, stages=stages, cache=second.cache, state=second.state)

    def interpolant(
        self, terms: AbstractTerm, y: Y, args: Args, drive: PyTree[Any], t: RealScalar, h: RealScalar, stages: PyTree
    ) -> Polynomial:
        """That of the whole step, bent so that it ends where the halves do."""
        one, error = stages
        plain = self.solver.interpolant(terms, y, args, whole_step(drive), t, h, one)
        states = tuple(tree.scaled(state, plain.scale) for state in plain.states)
        degree = max(len(row) for row in plain.rows)
        return Polynomial(1.0, (*states, error), (*plain.rows, (1.0,) + (0.0,) * (degree - 1)))
