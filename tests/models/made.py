"""Tables from known equations, solved by SciPy."""

import numpy as np
from scipy.integrate import solve_ivp

from nde.data import Table

RATES = (0.55, 0.028, 0.80, 0.024)


def lotka_volterra_table(rows: int = 21) -> Table:
    """Return noiseless prey and predators, in the units of the lynx and hare data."""
    a, b, c, d = RATES
    ts = 1900.0 + np.linspace(0.0, 20.0, rows)

    def field(t, y):
        return [a * y[0] - b * y[0] * y[1], -c * y[1] + d * y[0] * y[1]]

    ys = solve_ivp(field, (1900.0, 1920.0), [30.0, 5.0], t_eval=ts, rtol=1e-10, atol=1e-10).y.T
    return Table("year", ("hare", "lynx"), ts, ys)
