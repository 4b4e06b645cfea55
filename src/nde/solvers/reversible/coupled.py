"""Any explicit method, made reversible by a second state."""

from typing import Any

import equinox as eqx
from jaxtyping import PyTree

from nde.core import tree
from nde.core.polynomial import Polynomial
from nde.core.types import Args, RealScalar, Y
from nde.solvers.base import AbstractSolver, StepOut, StepStart
from nde.solvers.kinds import AbstractWrappedSolver
from nde.solvers.reversible.base import AbstractReversibleSolver
from nde.solvers.runge_kutta import ExplicitRungeKutta
from nde.terms import AbstractTerm


class Reversible(AbstractReversibleSolver, AbstractWrappedSolver):
    """An explicit one-step method made reversible, at its own order and twice its work.

    Of a method whose step from `(t, x)` changes the state by `F(t, x, h)` it makes a step of two states,

        y1 = λ y + (1 - λ) z + F(t, z, h)
        z1 = z - F(t + h, y1, -h)

    which is undone by solving for `z` and then for `y`. The coupling damps the difference of the two states on the way
    forward: on the negative axis steps are stable down to `h a = log λ`, so `-0.001` with `coupling=0.999`. Beyond it
    the difference grows as fast as a solution of `y' = a y` decays, so let steps be small where much decays. On the way
    back the difference grows by `1 / λ` a step, rounding too: with `coupling=0.999` by 1.1 over a hundred steps, by 2.7
    over a thousand, and by 22,000 over ten thousand, for which 0.9999 is better, or 1, with which nothing grows and
    nothing is damped.

    For ODEs and CDEs; for Stratonovich SDEs with a method of that calculus (`nde.Heun()`, not `nde.Euler()`).

    Attributes:
        solver: The method, an `ExplicitRungeKutta` such as `nde.Tsit5()`.
        coupling: More than 0, at most 1.

    Raises:
        TypeError: If `solver` is not an explicit Runge-Kutta method; if there is noise and it is `nde.Euler()`.
        ValueError: If `coupling` is not in its range.

    Source: McCallum and Foster, *Efficient, accurate and stable gradients for neural ODEs* (2024),
    doi:10.48550/arXiv.2410.11648.

    Example:
        ```python
        import nde

        solver, term = nde.Reversible(nde.Tsit5()), nde.ODETerm(lambda t, y, args: -y)
        print(nde.diffeqsolve(term, solver, 0.0, 1.0, 0.1, 1.0, adjoint=nde.ReversibleAdjoint()).ys)
        ```
    """

    solver: ExplicitRungeKutta
    coupling: float = eqx.field(static=True)

    def __init__(self, solver: AbstractSolver, coupling: float = 0.999) -> None:
        """Make a solver.

        Args:
            solver: The method.
            coupling: How firmly the two states are held together on the way forward.
        """
        if not isinstance(solver, ExplicitRungeKutta):
            reversible = isinstance(solver, AbstractReversibleSolver)
            why = "is reversible itself: use it as it is" if reversible else "is no explicit Runge-Kutta method"
            raise TypeError(
                f"`Reversible` got {type(solver).__name__}, which {why}; expected one, as in "
                "`nde.Reversible(nde.Tsit5())`."
            )
        if not 0 < coupling <= 1:
            raise ValueError(
                f"`Reversible` got `coupling={coupling}`; expected a number above 0 and at most 1. Try 0.999."
            )
        self.solver = solver
        self.coupling = coupling

    @property
    def adaptive(self) -> bool:
        """As the method."""
        return self.solver.adaptive

    @property
    def nodes(self) -> tuple[float, ...]:
        """Those of the method, and those of its step backward."""
        return (*self.solver.nodes, *(1 - node for node in self.solver.nodes))

    def specialize(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> "Reversible":
        """Of the method made for the terms.

        Raises:
            TypeError: If there is noise, and the method is not of Stratonovich's calculus.
        """
        if terms.noisy and self.calculus != "stratonovich":
            raise TypeError(
                f"`Reversible({type(self.solver).__name__}())` got a term with noise; its step backward is right for "
                "Stratonovich's calculus alone. Use `nde.Reversible(nde.Heun())` and, for an Itô equation, "
                "`nde.ito_to_stratonovich`."
            )
        return Reversible(self.solver.specialize(terms, t, y, args), self.coupling)

    def error_order(self, terms: AbstractTerm | None = None) -> RealScalar:
        """That of the method."""
        return self.solver.error_order(terms)

    def init(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> Y:
        """The second state, which starts as the first."""
        del terms, t, args
        return y

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
        """A step of the method from the second state, and one back from the first; the error is that of the former."""
        y, state = start.y, start.solver_state
        out = self._forward(terms, state, args, drive, t, h)
        y1 = tree.add_scaled(out.y, self.coupling, (1.0, -1.0), (y, state))
        change = self._back(terms, y1, args, drive, t, h)
        return StepOut(
            y=y1, error=out.error, stages=(state, out.stages, out.y, y1), cache=None, state=tree.minus(state, change)
        )

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
        """The second state first, then the first."""
        del earlier
        second = tree.add(end.solver_state, self._back(terms, end.y, args, drive, t, h))
        reached = self._forward(terms, second, args, drive, t, h).y
        return StepStart(tree.add_scaled(second, 1 / self.coupling, (1.0, -1.0), (end.y, reached)), second)

    def interpolant(
        self, terms: AbstractTerm, y: Y, args: Args, drive: PyTree[Any], t: RealScalar, h: RealScalar, stages: PyTree
    ) -> Polynomial:
        """That of the method's step from the second state, bent so that it ends where the step does."""
        second, own, end, y1 = stages
        plain = self.solver.interpolant(terms, second, args, drive, t, h, own)
        states = tuple(tree.scaled(each, plain.scale) for each in plain.states)
        bend = tree.add_scaled(tree.minus(y1, y), -1.0, (1.0, -1.0), (end, second))
        degree = max(len(row) for row in plain.rows)
        return Polynomial(1.0, (*states, bend), (*plain.rows, (1.0,) + (0.0,) * (degree - 1)))

    def _forward(
        self, terms: AbstractTerm, y: Y, args: Args, drive: PyTree[Any], t: RealScalar, h: RealScalar
    ) -> StepOut:
        """A step of the method."""
        start = StepStart(y, None, self.solver.init_cache(terms, t, y, args, None))
        return self.solver.step(terms, start, args, drive, t, h)

    def _back(self, terms: AbstractTerm, y: Y, args: Args, drive: PyTree[Any], t: RealScalar, h: RealScalar) -> Y:
        """What a step of the method back from the end changes."""
        drive = terms.backward(drive, len(self.solver.nodes))
        return tree.minus(self._forward(terms, y, args, drive, t + h, -h).y, y)
