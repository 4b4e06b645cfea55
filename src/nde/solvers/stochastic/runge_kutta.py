"""Stochastic Runge-Kutta methods from a tableau, for noise of any kind and for additive noise."""

from typing import Any, ClassVar

from nde.core import tree
from nde.core.types import Args, RealScalar, Y
from nde.paths import AbstractSpaceTimeLevyArea
from nde.solvers.stochastic.base import AbstractStochasticSolver, Drive
from nde.solvers.stochastic.tableau import NoiseWeights, StochasticTableau
from nde.terms import AbstractTerm, ControlTerm, ODETerm, drift_and_diffusion
from nde.terms.dependence import depends_on


class AbstractSRK(AbstractStochasticSolver):
    """A stochastic Runge-Kutta method given by its tableau.

    Example:
        ```python
        import nde

        assert isinstance(nde.SPaRK(), nde.AbstractSRK)
        ```
    """

    minimal_levy_area: ClassVar[type] = AbstractSpaceTimeLevyArea
    tableau: ClassVar[StochasticTableau]
    strong: ClassVar[float]
    convergence: ClassVar[int]

    @property
    def calculus(self) -> str:
        """Stratonovich."""
        return "stratonovich"

    def order(self, terms: AbstractTerm | None = None) -> int:
        """The order for ordinary differential equations."""
        del terms
        return self.convergence

    def strong_order(self, terms: AbstractTerm | None = None) -> float:
        """The strong order that holds for every noise that the method is for."""
        del terms
        return self.strong

    def specialize(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> "AbstractSRK":
        """The solver, if the Brownian motion draws space-time areas.

        Raises:
            TypeError: If the terms are not drift and diffusion, or the Brownian motion has no areas.
        """
        del t, y, args
        _, diffusion = drift_and_diffusion(terms, type(self).__name__)
        area = getattr(diffusion.path, "levy_area", None)
        if area is None or not issubclass(area, self.minimal_levy_area):
            raise TypeError(
                f"`{type(self).__name__}` got a Brownian motion without space-time Lévy areas, which it needs. Pass "
                "`levy_area=nde.SpaceTimeLevyArea` to the Brownian motion."
            )
        return self


class AbstractGeneralRungeKutta(AbstractSRK):
    """Methods for noise of any kind."""

    def move(
        self, drift: ODETerm, diffusion: ControlTerm, t: RealScalar, y: Y, args: Args, drive: Drive
    ) -> tuple[Y, Y | None]:
        """All stages, then the step and its error estimate from the same drifts and diffusions."""
        tableau, h = self.tableau, drive.h
        zero = tree.zeros_like(y)
        f: list[Y] = []
        w: list[Y] = []
        v: list[Y] = []
        for i, node in enumerate(tableau.c):
            z = _sum(y, h, (tableau.a[i], tableau.w.a[i], tableau.v.a[i]), (f, w, v)) if i else y
            at = t + node * h
            f.append(drift.vf(at, z, args) if tableau.uses_drift(i) else zero)
            products = _products(diffusion, at, z, args, drive.noise) if tableau.uses_diffusion(i) else (zero, zero)
            w.append(products[0])
            v.append(products[1])
        y1 = _sum(y, h, (tableau.b, tableau.w.b, tableau.v.b), (f, w, v))
        error = None
        if tableau.b_error is not None:
            assert tableau.w.b_error is not None
            assert tableau.v.b_error is not None
            error = _sum(zero, h, (tableau.b_error, tableau.w.b_error, tableau.v.b_error), (f, w, v))
        return y1, error


class AbstractAdditiveRungeKutta(AbstractSRK):
    """Methods for additive noise: the diffusion does not depend on the state, though it may on time."""

    def specialize(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> "AbstractAdditiveRungeKutta":
        """The solver, if the noise is additive.

        Raises:
            TypeError: If the diffusion depends on the state, or the Brownian motion has no areas.
        """
        super().specialize(terms, t, y, args)
        _, diffusion = drift_and_diffusion(terms, type(self).__name__)
        if depends_on(lambda y: diffusion.vf(t, y, args), y):
            raise TypeError(
                f"`{type(self).__name__}` is for additive noise; it got a diffusion that depends on the state. Use "
                "`nde.SPaRK()`, `nde.GeneralShARK()` or `nde.Heun()`."
            )
        return self

    def move(
        self, drift: ODETerm, diffusion: ControlTerm, t: RealScalar, y: Y, args: Args, drive: Drive
    ) -> tuple[Y, Y | None]:
        """All stages with the diffusion at the start; what it has changed by the end is added at last."""
        tableau, h = self.tableau, drive.h
        w, v = _products(diffusion, t, y, args, drive.noise)
        f: list[Y] = []
        for i, node in enumerate(tableau.c):
            weights = (tableau.a[i], tableau.w.a[i], tableau.v.a[i])
            z = _sum(y, h, weights, (f, [w], [v]))
            f.append(drift.vf(t + node * h, z, args))
        y1 = _sum(y, h, (tableau.b, tableau.w.b, tableau.v.b), (f, [w], [v]))
        later_w, later_v = _products(diffusion, t + h, y, args, drive.noise)
        y1 = tree.add_scaled(y1, 1.0, (0.5, -0.5, -1.0, 1.0), (later_w, w, later_v, v))
        error = None if tableau.b_error is None else tree.combine(h, tableau.b_error, f)
        return y1, error


def additive(w: tuple[float, ...], v: tuple[float, ...]) -> tuple[NoiseWeights, NoiseWeights]:
    """The weights of additive noise: a number for each stage; the step takes all of the increment, none of the area."""
    return NoiseWeights(tuple((x,) for x in w), (1.0,)), NoiseWeights(tuple((x,) for x in v), (0.0,))


def _products(diffusion: ControlTerm, t: RealScalar, y: Y, args: Args, noise: Any) -> tuple[Y, Y]:
    """The diffusion times the increment and times the area."""
    g = diffusion.vf(t, y, args)
    return diffusion.applied(g, y, noise.W), diffusion.applied(g, y, noise.H)


def _sum(y: Y, h: RealScalar, weights: tuple[Any, Any, Any], slopes: tuple[list[Y], list[Y], list[Y]]) -> Y:
    """`y + h sum a f + sum w g W + sum v g H`."""
    for scale, row, terms in zip((h, 1.0, 1.0), weights, slopes, strict=True):
        y = tree.add_scaled(y, scale, row[: len(terms)], terms) if terms else y
    return y
