"""`cdeint`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde

pytestmark = pytest.mark.usefixtures("x64")

PATH_TS = np.array([0.0, 0.4, 1.0, 2.5])
XS = np.array([[0.0], [1.0], [-0.5], [0.2]])


def path():
    return nde.LinearInterpolation(PATH_TS, XS)


@pytest.mark.parametrize("ts", [np.linspace(0.0, 2.5, 7), np.linspace(2.0, 0.3, 5)], ids=["forward", "backward"])
def test_the_exponential_of_the_control(ts):
    x = np.interp(ts, PATH_TS, XS[:, 0])
    ys = nde.cdeint(lambda t, y, rate: rate * y[:, None], path(), jnp.ones(2), ts, 1.5, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ys, np.exp(1.5 * (x - x[0]))[:, None] * np.ones(2), rtol=1e-7)


def test_steps_from_knot_to_knot_and_a_product():
    ys = nde.cdeint(
        lambda t, y: 1.0, path(), 0.0, PATH_TS, prod=lambda f, dx: f * dx[0], stepsize_controller=nde.StepTo(PATH_TS)
    )
    np.testing.assert_allclose(ys, XS[:, 0], atol=1e-14)


def test_what_is_refused():
    with pytest.raises(ValueError, match="got 1 times; expected at least two"):
        nde.cdeint(lambda t, y: y, path(), 1.0, [0.0])
    with pytest.raises(TypeError, match="`to_ode` got a control of type BrownianMotion"):
        nde.cdeint(lambda t, y: y, nde.BrownianMotion((), jax.random.key(0)), 1.0, [0.0, 1.0])
