"""`odeint`, against SciPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import nde

pytestmark = pytest.mark.usefixtures("x64")


def van_der_pol(t, y, mu):
    return [y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]]


@pytest.mark.parametrize("ts", [np.linspace(0, 8, 9), np.linspace(2, -1, 7)], ids=["forward", "backward"])
def test_agrees_with_scipy(ts):
    ours = nde.odeint(
        lambda t, y, mu: jnp.stack(van_der_pol(t, y, mu)), jnp.asarray([2.0, 0.0]), ts, 1.5, rtol=1e-9, atol=1e-9
    )
    theirs = solve_ivp(van_der_pol, ts[[0, -1]], [2.0, 0.0], args=(1.5,), t_eval=ts, rtol=1e-11, atol=1e-11).y.T
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_a_field_without_arguments_and_a_tree_as_state():
    ys = nde.odeint(lambda t, y: {"x": -y["x"], "t": jnp.ones(())}, {"x": jnp.ones(3), "t": 0.0}, [0.0, 1.0, 2.0])
    np.testing.assert_allclose(ys["x"], np.exp([[0], [-1], [-2]]) * np.ones(3), rtol=1e-4)
    np.testing.assert_allclose(ys["t"], [0, 1, 2], atol=1e-6)


def test_gradient():
    slope = jax.grad(lambda rate: nde.odeint(lambda t, y, r: -r * y, jnp.asarray(1.0), [0.0, 2.0], rate)[-1])(0.7)
    np.testing.assert_allclose(slope, -2 * np.exp(-1.4), rtol=1e-4)


def test_one_time_is_too_few():
    with pytest.raises(ValueError, match="got 1 times; expected at least two"):
        nde.odeint(lambda t, y: -y, 1.0, [0.0])
