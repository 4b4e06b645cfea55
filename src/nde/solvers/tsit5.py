"""The Tsitouras 5(4) pair."""

from nde.solvers.runge_kutta import ExplicitRungeKutta
from nde.solvers.tableau import ButcherTableau

_B = (
    0.09646076681806523,
    0.01,
    0.4798896504144996,
    1.379008574103742,
    -3.290069515436081,
    2.324710524099774,
)

TABLEAU = ButcherTableau(
    c=(0.161, 0.327, 0.9, 0.9800255409045097, 1, 1),
    a_lower=(
        (0.161,),
        (-0.008480655492356989, 0.335480655492357),
        (2.8971530571054935, -6.359448489975075, 4.3622954328695815),
        (5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525),
        (5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383),
        _B,
    ),
    b_sol=(*_B, 0),
    b_error=(
        0.001780011052226,
        0.000816434459657,
        -0.007880878010262,
        0.144711007173263,
        -0.582357165452555,
        0.458082105929187,
        -1 / 66,
    ),
    interpolant=(
        (0.9999999999999998, -2.763706197274826, 2.9132554618219126, -1.0530884977290216),
        (0, 0.13169999999999998, -0.2234, 0.1017),
        (0, 3.930296236894751, -5.941033872131505, 2.490627285651253),
        (0, -12.411077166933676, 30.338188630282318, -16.548102889244902),
        (0, 37.50931341651104, -88.1789048947664, 47.37952196281928),
        (0, -27.896526289197286, 65.09189467479368, -34.87065786149661),
        (0, 1.5, -4, 2.5),
    ),
)


class Tsit5(ExplicitRungeKutta):
    """Tsitouras' 5(4) pair, seven stages of which the last is the next step's first; a good first choice.

    Values inside a step by an interpolant of order 4.

    Source: Tsitouras, *Runge-Kutta pairs of order 5(4) satisfying only the first column simplifying assumption*
    (2011), doi:10.1016/j.camwa.2011.06.002.

    Example:
        ```python
        import nde

        sol = nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: -y), nde.Tsit5(), 0.0, 1.0, None, 1.0,
            stepsize_controller=nde.PIDController(rtol=1e-3, atol=1e-6),
        )
        print(sol.ys)
        ```
    """

    def __init__(self) -> None:
        """Takes no arguments."""
        super().__init__(TABLEAU, order=5)
