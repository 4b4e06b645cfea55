"""Hard problems at tight tolerances, against SciPy's solver of order eight."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import nde
from nde.solvers.registry import REGISTRY

pytestmark = pytest.mark.usefixtures("x64")


def arenstorf(t, y):
    """The restricted three-body problem, on a closed orbit (Hairer, Norsett and Wanner I, p. 129)."""
    mu = 0.012277471
    x, v, u, w = y
    d1 = ((x + mu) ** 2 + v**2) ** 1.5
    d2 = ((x - 1 + mu) ** 2 + v**2) ** 1.5
    return [
        u,
        w,
        x + 2 * w - (1 - mu) * (x + mu) / d1 - mu * (x - 1 + mu) / d2,
        v - 2 * u - (1 - mu) * v / d1 - mu * v / d2,
    ]


START = (0.994, 0.0, 0.0, -2.00158510637908252240537862224)
PERIOD = 17.0652165601579625588917206249


@pytest.mark.parametrize("name", ["Tsit5", "Dopri5", "Vern7", "Dopri8"])
def test_a_closed_orbit_closes(name: str):
    sol = nde.diffeqsolve(
        nde.ODETerm(lambda t, y, args: jnp.stack(arenstorf(t, y))),
        REGISTRY[name](),
        0.0,
        PERIOD,
        None,
        jnp.asarray(START),
        stepsize_controller=nde.PIDController(rtol=1e-11, atol=1e-11),
        max_steps=20_000,
    )
    np.testing.assert_allclose(sol.ys[0], START, atol=2e-4)


def test_values_on_the_way_agree_with_scipy():
    ts = np.linspace(0.0, 8.0, 40)
    sol = nde.diffeqsolve(
        nde.ODETerm(lambda t, y, args: jnp.stack(arenstorf(t, y))),
        nde.Dopri8(),
        0.0,
        8.0,
        None,
        jnp.asarray(START),
        saveat=nde.SaveAt(ts=ts),
        stepsize_controller=nde.PIDController(rtol=1e-12, atol=1e-12),
        max_steps=20_000,
    )
    theirs = solve_ivp(arenstorf, (0.0, 8.0), START, "DOP853", t_eval=ts, rtol=1e-13, atol=1e-13).y.T
    np.testing.assert_allclose(sol.ys, theirs, atol=1e-6)
