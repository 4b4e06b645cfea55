"""The explicit midpoint rule."""

from nde.solvers.runge_kutta import ExplicitRungeKutta
from nde.solvers.tableau import ButcherTableau

TABLEAU = ButcherTableau(c=(1 / 2,), a_lower=((1 / 2,),), b_sol=(0, 1), b_error=(-1, 1))


class Midpoint(ExplicitRungeKutta):
    """The explicit midpoint rule, of order 2, two stages; Euler's method embedded for the error estimate.

    Source: Hairer, Norsett and Wanner, *Solving Ordinary Differential Equations I*, section II.1,
    doi:10.1007/978-3-540-78862-1.

    Example:
        ```python
        import nde

        sol = nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: -y), nde.Midpoint(), 0.0, 1.0, None, 1.0,
            stepsize_controller=nde.PIDController(rtol=1e-3, atol=1e-6),
        )
        print(sol.ys)
        ```
    """

    def __init__(self) -> None:
        """Takes no arguments."""
        super().__init__(TABLEAU, order=2)
