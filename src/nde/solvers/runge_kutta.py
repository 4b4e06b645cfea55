"""Explicit Runge-Kutta methods: one step from a tableau, its stages unrolled so that they fuse."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
from jaxtyping import PyTree

from nde.core import tree
from nde.core.polynomial import Polynomial
from nde.core.types import Args, RealScalar, Y
from nde.solvers.base import AbstractSolver, StepOut, StepStart
from nde.solvers.tableau import ButcherTableau, Row
from nde.terms import AbstractTerm


class ExplicitRungeKutta(AbstractSolver):
    """An explicit Runge-Kutta method given by its tableau.

    Attributes:
        tableau: The coefficients.
        convergence: The order of convergence.

    Example:
        ```python
        import nde

        kutta = nde.ButcherTableau(c=[0.5, 1.0], a_lower=[[0.5], [-1.0, 2.0]], b_sol=[1 / 6, 2 / 3, 1 / 6])
        solver = nde.ExplicitRungeKutta(kutta, order=3)
        print(nde.diffeqsolve(nde.ODETerm(lambda t, y, args: -y), solver, 0.0, 1.0, 0.1, 1.0).ys)
        ```
    """

    tableau: ButcherTableau = eqx.field(static=True, repr=False)
    convergence: int = eqx.field(static=True, repr=False)

    def __init__(self, tableau: ButcherTableau, order: int) -> None:
        """Make a solver of a tableau.

        Args:
            tableau: The coefficients.
            order: The order of convergence (that of the step, not of the embedded method).
        """
        self.tableau = tableau
        self.convergence = order

    @property
    def adaptive(self) -> bool:
        """Whether the tableau has weights for an estimate of the error."""
        return self.tableau.b_error is not None

    @property
    def nodes(self) -> tuple[float, ...]:
        """Of the stages, and of those that values inside a step need further."""
        return (0.0, *self.tableau.c, *self.tableau.c_extra)

    @property
    def calculus(self) -> str:
        """Itô with one stage (Euler-Maruyama), Stratonovich with more."""
        return "ito" if self.tableau.stages == 1 else "stratonovich"

    @property
    def solves_stochastic_adjoints(self) -> bool:
        """Whether it is a method for Stratonovich equations."""
        return self.calculus == "stratonovich"

    def strong_order(self, terms: AbstractTerm | None = None) -> float:
        """One half; one, if the noise commutes and there is more than one stage."""
        del terms
        return 0.5

    def order(self, terms: AbstractTerm | None = None) -> int:
        """The order of convergence."""
        del terms
        return self.convergence

    def init_cache(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args, state: PyTree[Any]) -> PyTree[Any]:
        """The first vector field, for methods whose last stage is the first of the next step.

        None with noise, and where it is not made of arrays alone, as some operators are not: a loop cannot carry it.
        """
        del state
        if terms.noisy or not self.tableau.fsal:
            return None
        field = terms.vf(t, y, args)
        return field if all(map(eqx.is_array, jax.tree.leaves(field))) else None

    def step(
        self,
        terms: AbstractTerm,
        start: StepStart,
        args: Args,
        drive: PyTree[Any],
        t: RealScalar,
        h: RealScalar,
    ) -> StepOut:
        """All stages, the state at the end, and the error estimate."""
        tableau, scale, y = self.tableau, terms.scale(drive), start.y
        field = terms.vf(t, y, args) if start.cache is None else start.cache
        first = terms.slope(field, y, drive, 0)
        stages, last = self._extend(terms, y, args, drive, t, h, (first,), tableau.c, tableau.a_lower)
        y1 = tree.add_scaled(y, scale, tableau.b_sol, stages)
        error = None if tableau.b_error is None else tree.combine(scale, tableau.b_error, stages)
        cache = None if start.cache is None else last
        return StepOut(y=y1, error=error, stages=stages, cache=cache, state=start.solver_state)

    def interpolant(
        self, terms: AbstractTerm, y: Y, args: Args, drive: PyTree[Any], t: RealScalar, h: RealScalar, stages: PyTree
    ) -> Polynomial:
        """The tableau's weights of the stages and of further ones; with noise the line between the ends of the step."""
        tableau = self.tableau
        if terms.noisy:
            change = tree.combine(terms.scale(drive), tableau.b_sol, stages)
            return Polynomial(1.0, (change,), ((1.0,),))
        stages, _ = self._extend(terms, y, args, drive, t, h, stages, tableau.c_extra, tableau.a_extra)
        return Polynomial(terms.scale(drive), stages, tableau.interpolant)

    @staticmethod
    def _extend(
        terms: AbstractTerm,
        y: Y,
        args: Args,
        drive: PyTree[Any],
        t: RealScalar,
        h: RealScalar,
        stages: tuple[Y, ...],
        nodes: Row,
        rows: Sequence[Row],
    ) -> tuple[tuple[Y, ...], PyTree[Any]]:
        """More slopes, and the vector field of the last of them."""
        scale, field = terms.scale(drive), None
        for node, weights in zip(nodes, rows, strict=True):
            at = tree.add_scaled(y, scale, weights, stages[: len(weights)])
            field = terms.vf(t + node * h, at, args)
            stages = (*stages, terms.slope(field, y, drive, len(stages)))
        return stages, field
