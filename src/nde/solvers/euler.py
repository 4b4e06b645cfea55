"""Euler's method."""

from nde.solvers.runge_kutta import ExplicitRungeKutta
from nde.solvers.tableau import ButcherTableau

TABLEAU = ButcherTableau(c=(), a_lower=(), b_sol=(1,))


class Euler(ExplicitRungeKutta):
    """Euler's method, of order 1, one stage; no error estimate, linear interpolation.

    Source: Hairer, Norsett and Wanner, *Solving Ordinary Differential Equations I*, section II.1,
    doi:10.1007/978-3-540-78862-1.

    Example:
        ```python
        import nde

        sol = nde.diffeqsolve(nde.ODETerm(lambda t, y, args: -y), nde.Euler(), 0.0, 1.0, 0.1, 1.0)
        print(sol.ys)
        ```
    """

    def __init__(self) -> None:
        """Takes no arguments."""
        super().__init__(TABLEAU, order=1)
