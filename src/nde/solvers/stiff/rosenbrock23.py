"""The Rosenbrock pair of orders 2 and 3 of Shampine and Reichelt."""

import math

from nde.solvers.stiff.rosenbrock import Rosenbrock
from nde.solvers.stiff.rosenbrock_tableau import RosenbrockTableau

_D = 1 / (2 + math.sqrt(2))
_E = 6 + math.sqrt(2)

TABLEAU = RosenbrockTableau(
    gamma=_D,
    alpha=(0, 1 / 2, 1),
    gamma_i=(_D, 0, -_D),
    a=((1 / (2 * _D),), (1 / _D, 1 / _D)),
    c=((-1 / _D,), (-2 / _D, -_E / _D)),
    m=(1 / _D, 1 / _D, 0),
    e=(-1 / (6 * _D), (2 - _E) / (6 * _D), -1 / (6 * _D)),
    interpolant=((1 / _D, 0), (-2 / (1 - 2 * _D), 1 / (_D * (1 - 2 * _D))), (0, 0)),
)


class Rosenbrock23(Rosenbrock):
    """The Rosenbrock method of order 2 with an error estimate of order 3, MATLAB's `ode23s`; L-stable.

    For low accuracy, and for fields that are not smooth.

    Source: Shampine and Reichelt, *The MATLAB ODE suite* (1997), doi:10.1137/S1064827594276424.

    Example:
        ```python
        import nde

        sol = nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: -1e5 * (y - t)), nde.Rosenbrock23(), 0.0, 1.0, None, 1.0,
            stepsize_controller=nde.PIDController(rtol=1e-3, atol=1e-6),
        )
        print(sol.ys, sol.stats)
        ```
    """

    def __init__(self) -> None:
        """Takes no arguments."""
        super().__init__(TABLEAU, order=2)
