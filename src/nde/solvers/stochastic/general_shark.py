"""ShARK for noise of any kind."""

from typing import ClassVar

from nde.solvers.stochastic.runge_kutta import AbstractGeneralRungeKutta
from nde.solvers.stochastic.tableau import NoiseWeights, StochasticTableau

TABLEAU = StochasticTableau(
    c=(0, 0, 5 / 6),
    a=((), (0,), (0, 5 / 6)),
    b=(0, 2 / 5, 3 / 5),
    b_error=None,
    w=NoiseWeights(a=((), (0,), (0, 5 / 6)), b=(0, 2 / 5, 3 / 5)),
    v=NoiseWeights(a=((), (1,), (1, 0)), b=(0, 6 / 5, -6 / 5)),
)


class GeneralShARK(AbstractGeneralRungeKutta):
    """A shifted Runge-Kutta method for noise of any kind: strong order 0.5, 1 if it commutes, 1.5 if it is additive.

    The Brownian motion needs `levy_area=nde.SpaceTimeLevyArea`. Converges to the Stratonovich solution.

    Source: Foster, dos Reis and Strange, *High order splitting methods for SDEs satisfying a commutativity condition*
    (2024), doi:10.1137/23M155147X.

    Example:
        ```python
        import jax
        import nde

        motion = nde.BrownianMotion((), jax.random.key(0), levy_area=nde.SpaceTimeLevyArea)
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), nde.ControlTerm(lambda t, y, args: 0.1 * y, motion))
        print(nde.diffeqsolve(terms, nde.GeneralShARK(), 0.0, 1.0, 0.01, 1.0).ys)
        ```
    """

    tableau: ClassVar[StochasticTableau] = TABLEAU
    adaptive: ClassVar[bool] = False
    strong: ClassVar[float] = 0.5
    convergence: ClassVar[int] = 2
