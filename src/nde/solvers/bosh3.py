"""The Bogacki-Shampine 3(2) pair."""

from nde.solvers.runge_kutta import ExplicitRungeKutta
from nde.solvers.tableau import ButcherTableau

TABLEAU = ButcherTableau(
    c=(1 / 2, 3 / 4, 1),
    a_lower=((1 / 2,), (0, 3 / 4), (2 / 9, 1 / 3, 4 / 9)),
    b_sol=(2 / 9, 1 / 3, 4 / 9, 0),
    b_error=(2 / 9 - 7 / 24, 1 / 3 - 1 / 4, 4 / 9 - 1 / 3, -1 / 8),
)


class Bosh3(ExplicitRungeKutta):
    """Bogacki and Shampine's 3(2) pair, four stages of which the last is the next step's first.

    Values inside a step by cubic Hermite interpolation.

    Source: Bogacki and Shampine, *A 3(2) pair of Runge-Kutta formulas* (1989), doi:10.1016/0893-9659(89)90079-7.

    Example:
        ```python
        import nde

        sol = nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: -y), nde.Bosh3(), 0.0, 1.0, None, 1.0,
            stepsize_controller=nde.PIDController(rtol=1e-3, atol=1e-6),
        )
        print(sol.ys)
        ```
    """

    def __init__(self) -> None:
        """Takes no arguments."""
        super().__init__(TABLEAU, order=3)
