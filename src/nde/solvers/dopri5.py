"""The Dormand-Prince 5(4) pair."""

from nde.solvers.runge_kutta import ExplicitRungeKutta
from nde.solvers.tableau import ButcherTableau

_B = (35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84)

TABLEAU = ButcherTableau(
    c=(1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1),
    a_lower=(
        (1 / 5,),
        (3 / 40, 9 / 40),
        (44 / 45, -56 / 15, 32 / 9),
        (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
        (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
        _B,
    ),
    b_sol=(*_B, 0),
    b_error=(71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40),
    interpolant=(
        (1, -8048581381 / 2820520608, 8663915743 / 2820520608, -12715105075 / 11282082432),
        (0, 0, 0, 0),
        (0, 131558114200 / 32700410799, -68118460800 / 10900136933, 87487479700 / 32700410799),
        (0, -1754552775 / 470086768, 14199869525 / 1410260304, -10690763975 / 1880347072),
        (0, 127303824393 / 49829197408, -318862633887 / 49829197408, 701980252875 / 199316789632),
        (0, -282668133 / 205662961, 2019193451 / 616988883, -1453857185 / 822651844),
        (0, 40617522 / 29380423, -110615467 / 29380423, 69997945 / 29380423),
    ),
)


class Dopri5(ExplicitRungeKutta):
    """Dormand and Prince's 5(4) pair, seven stages of which the last is the next step's first.

    Values inside a step by an interpolant of order 4.

    Sources: Dormand and Prince, *A family of embedded Runge-Kutta formulae* (1980),
    doi:10.1016/0771-050X(80)90013-3; the interpolant: Shampine, *Some practical Runge-Kutta formulas* (1986),
    doi:10.1090/S0025-5718-1986-0815836-3.

    Example:
        ```python
        import nde

        sol = nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: -y), nde.Dopri5(), 0.0, 1.0, None, 1.0,
            stepsize_controller=nde.PIDController(rtol=1e-3, atol=1e-6),
        )
        print(sol.ys)
        ```
    """

    def __init__(self) -> None:
        """Takes no arguments."""
        super().__init__(TABLEAU, order=5)
