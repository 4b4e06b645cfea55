"""SPaRK: a splitting path Runge-Kutta method."""

import math
from typing import ClassVar

from nde.solvers.stochastic.runge_kutta import AbstractGeneralRungeKutta
from nde.solvers.stochastic.tableau import NoiseWeights, StochasticTableau

_X1, _X2 = (3 - math.sqrt(3)) / 6, math.sqrt(3) / 3
_B, _B_ERROR = (_X1, _X2, _X1), (_X1 - 1 / 2, _X2, _X1 - 1 / 2)
TABLEAU = StochasticTableau(
    c=(0, 1 / 2, 1),
    a=((), (1 / 2,), (0, 1)),
    b=_B,
    b_error=_B_ERROR,
    w=NoiseWeights(a=((), (1 / 2,), (0, 1)), b=_B, b_error=_B_ERROR),
    v=NoiseWeights(a=((), (math.sqrt(3),), (0, 0)), b=(1, 0, -1), b_error=(1, 0, -1)),
)


class SPaRK(AbstractGeneralRungeKutta):
    """A splitting path method for noise of any kind, three stages, with an error estimate for adaptive steps.

    Strong order 0.5, 1 if the noise commutes, 1.5 if it is additive.

    The Brownian motion needs `levy_area=nde.SpaceTimeLevyArea`. Converges to the Stratonovich solution.

    Source: Foster and Jelinčič, *On the convergence of adaptive approximations for stochastic differential equations*
    (2023), doi:10.48550/arXiv.2311.14201.

    Example:
        ```python
        import jax
        import nde

        motion = nde.BrownianMotion((), jax.random.key(0), levy_area=nde.SpaceTimeLevyArea)
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), nde.ControlTerm(lambda t, y, args: 0.1 * y, motion))
        print(nde.diffeqsolve(terms, nde.SPaRK(), 0.0, 1.0, 0.01, 1.0).ys)
        ```
    """

    tableau: ClassVar[StochasticTableau] = TABLEAU
    adaptive: ClassVar[bool] = True
    strong: ClassVar[float] = 0.5
    convergence: ClassVar[int] = 2
