"""ShARK: a shifted Runge-Kutta method."""

from typing import ClassVar

from nde.solvers.stochastic.runge_kutta import AbstractAdditiveRungeKutta, additive
from nde.solvers.stochastic.tableau import StochasticTableau

_W, _V = additive((0, 5 / 6), (1, 1))
TABLEAU = StochasticTableau(c=(0, 5 / 6), a=((), (5 / 6,)), b=(2 / 5, 3 / 5), b_error=(-3 / 5, 3 / 5), w=_W, v=_V)


class ShARK(AbstractAdditiveRungeKutta):
    """A shifted Runge-Kutta method for additive noise, of strong order 1.5, two stages, with an error estimate.

    The Brownian motion needs `levy_area=nde.SpaceTimeLevyArea`. For additive noise the Itô and the Stratonovich
    solution are the same.

    Source: Foster, dos Reis and Strange, *High order splitting methods for SDEs satisfying a commutativity condition*
    (2024), doi:10.1137/23M155147X.

    Example:
        ```python
        import jax
        import nde

        motion = nde.BrownianMotion((), jax.random.key(0), levy_area=nde.SpaceTimeLevyArea)
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), nde.ControlTerm(lambda t, y, args: 0.1, motion))
        print(nde.diffeqsolve(terms, nde.ShARK(), 0.0, 1.0, 0.01, 1.0).ys)
        ```
    """

    tableau: ClassVar[StochasticTableau] = TABLEAU
    adaptive: ClassVar[bool] = True
    strong: ClassVar[float] = 1.5
    convergence: ClassVar[int] = 2
