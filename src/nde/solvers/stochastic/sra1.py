"""SRA1 of Rößler."""

from typing import ClassVar

from nde.solvers.stochastic.runge_kutta import AbstractAdditiveRungeKutta, additive
from nde.solvers.stochastic.tableau import StochasticTableau

_W, _V = additive((0, 3 / 4), (0, 3 / 2))
TABLEAU = StochasticTableau(c=(0, 3 / 4), a=((), (3 / 4,)), b=(1 / 3, 2 / 3), b_error=(-2 / 3, 2 / 3), w=_W, v=_V)


class SRA1(AbstractAdditiveRungeKutta):
    """Rößler's SRA1 for additive noise, of strong order 1.5, two stages, with an error estimate for adaptive steps.

    The Brownian motion needs `levy_area=nde.SpaceTimeLevyArea`. For additive noise the Itô and the Stratonovich
    solution are the same.

    Source: Rößler, *Runge-Kutta methods for the strong approximation of solutions of stochastic differential equations*
    (2010), doi:10.1137/09076636X.

    Example:
        ```python
        import jax
        import nde

        motion = nde.BrownianMotion((), jax.random.key(0), levy_area=nde.SpaceTimeLevyArea)
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), nde.ControlTerm(lambda t, y, args: 0.1, motion))
        print(nde.diffeqsolve(terms, nde.SRA1(), 0.0, 1.0, 0.01, 1.0).ys)
        ```
    """

    tableau: ClassVar[StochasticTableau] = TABLEAU
    adaptive: ClassVar[bool] = True
    strong: ClassVar[float] = 1.5
    convergence: ClassVar[int] = 2
