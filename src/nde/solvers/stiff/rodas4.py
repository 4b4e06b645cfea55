"""Rodas4, a Rosenbrock method of order 4."""

from nde.solvers.stiff.rosenbrock import Rosenbrock
from nde.solvers.stiff.rosenbrock_tableau import RosenbrockTableau, bent

# The published coefficients meet the conditions of order to 1e-9. These are the nearest that meet them to rounding.
_A5 = (1.221224508671901, 6.019134481706942, 12.537083331162163, -0.6878860358777519)
_M = (*_A5, 1.0, 1.0)

TABLEAU = RosenbrockTableau(
    gamma=0.25,
    alpha=(0, 0.386, 0.21, 0.63, 1, 1),
    gamma_i=(0.25, -0.1043, 0.1035, -0.0362, 0, 0),
    a=(
        (1.544,),
        (0.9466785281152628, 0.255701169979057),
        (3.3148251866302463, 2.896124016147572, 0.9986419152331434),
        _A5,
        (*_A5, 1),
    ),
    c=(
        (-5.6688,),
        (-2.4300933568274283, -0.20635991569373852),
        (-0.10735290467436132, -9.594562251413203, -20.4702861512445),
        (7.496443313947817, -10.24680431470374, -33.99990352828957, 11.708908931839197),
        (8.083246796335262, -7.981132988143886, -31.521594329792496, 16.319305431317527, -6.058818238971777),
    ),
    m=_M,
    e=(0, 0, 0, 0, 0, 1),
    interpolant=bent(
        _M,
        (
            (10.12623508344586, -7.487995877610167, -34.80091861555747, -7.992771707568823, 1.025137723295662, 0),
            (-0.6762803392801253, 6.087714651680015, 16.43084320892478, 24.76722511418386, -6.594389125716872, 0),
        ),
    ),
)


class Rodas4(Rosenbrock):
    """The Rosenbrock method of order 4 with an embedded one of order 3, both stiffly accurate; L-stable, six stages.

    Source: Hairer and Wanner, *Solving ordinary differential equations II* (1996), section VI.4,
    doi:10.1007/978-3-642-05221-7.

    Example:
        ```python
        import nde

        sol = nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: -1e5 * (y - t)), nde.Rodas4(), 0.0, 1.0, None, 1.0,
            stepsize_controller=nde.PIDController(rtol=1e-5, atol=1e-8),
        )
        print(sol.ys, sol.stats)
        ```
    """

    def __init__(self) -> None:
        """Takes no arguments."""
        super().__init__(TABLEAU, order=4)
