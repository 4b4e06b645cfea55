"""SlowRK: a method for noise that commutes."""

from typing import ClassVar

from nde.solvers.stochastic.runge_kutta import AbstractGeneralRungeKutta
from nde.solvers.stochastic.tableau import NoiseWeights, StochasticTableau

TABLEAU = StochasticTableau(
    c=(0, 1 / 2, 1 / 2, 1 / 2, 1 / 2, 3 / 4, 1),
    a=(
        (),
        (1 / 2,),
        (1 / 2, 0),
        (1 / 2, 0, 0),
        (1 / 2, 0, 0, 0),
        (3 / 4, 0, 0, 0, 0),
        (1, 0, 0, 0, 0, 0),
    ),
    b=(1 / 3, 0, 0, 0, 0, 2 / 3, 0),
    b_error=None,
    w=NoiseWeights(
        a=(
            (),
            (0,),
            (0, 1 / 2),
            (0, 0, 1 / 2),
            (0, 0, 0, 1),
            (0, 0, 0, 3 / 4, 0),
            (0, 0, 1 / 2, 0, 0, 0),
        ),
        b=(0, 1 / 6, 1 / 3, 1 / 3, 1 / 6, 0, 0),
    ),
    v=NoiseWeights(
        a=((), (0,), (0, 0), (0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 3 / 2, 0), (0, 0, 0, 0, 0, 0)),
        b=(0, 0, 0, 2, 0, 0, -2),
    ),
)


class SlowRK(AbstractGeneralRungeKutta):
    """A method for noise that commutes, of strong order 1.5 there: two drifts and five diffusions a step.

    For noise that does not commute the strong order is 0.5.

    The Brownian motion needs `levy_area=nde.SpaceTimeLevyArea`. Converges to the Stratonovich solution.

    Source: Foster, dos Reis and Strange, *High order splitting methods for SDEs satisfying a commutativity condition*
    (2024), doi:10.1137/23M155147X.

    Example:
        ```python
        import jax
        import nde

        motion = nde.BrownianMotion((), jax.random.key(0), levy_area=nde.SpaceTimeLevyArea)
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), nde.ControlTerm(lambda t, y, args: 0.1 * y, motion))
        print(nde.diffeqsolve(terms, nde.SlowRK(), 0.0, 1.0, 0.01, 1.0).ys)
        ```
    """

    tableau: ClassVar[StochasticTableau] = TABLEAU
    adaptive: ClassVar[bool] = False
    strong: ClassVar[float] = 0.5
    convergence: ClassVar[int] = 2
