"""Ralston's method of order 2."""

from nde.solvers.runge_kutta import ExplicitRungeKutta
from nde.solvers.tableau import ButcherTableau

TABLEAU = ButcherTableau(c=(2 / 3,), a_lower=((2 / 3,),), b_sol=(1 / 4, 3 / 4), b_error=(-3 / 4, 3 / 4))


class Ralston(ExplicitRungeKutta):
    """Ralston's method, of order 2, two stages, with the least bound on its local error; Euler's method embedded.

    Source: Ralston, *Runge-Kutta methods with minimum error bounds* (1962), doi:10.2307/2003133.

    Example:
        ```python
        import nde

        sol = nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: -y), nde.Ralston(), 0.0, 1.0, None, 1.0,
            stepsize_controller=nde.PIDController(rtol=1e-3, atol=1e-6),
        )
        print(sol.ys)
        ```
    """

    def __init__(self) -> None:
        """Takes no arguments."""
        super().__init__(TABLEAU, order=2)
