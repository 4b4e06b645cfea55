"""Piecewise cubics, against SciPy's splines."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.interpolate import CubicSpline

import nde

pytestmark = pytest.mark.usefixtures("x64")

TS = np.array([0.0, 0.3, 1.0, 1.1, 4.0])
SPLINE = CubicSpline(TS, np.random.default_rng(0).normal(size=(5, 2)))


def path():
    return nde.CubicInterpolation(TS, tuple(SPLINE.c))


def test_agrees_with_scipy():
    t = np.concatenate([np.linspace(0, 4, 57), TS])
    np.testing.assert_allclose(jax.vmap(path().evaluate)(jnp.asarray(t)), SPLINE(t), atol=1e-13)
    np.testing.assert_allclose(jax.vmap(path().derivative)(jnp.asarray(t)), SPLINE(t, 1), atol=1e-12)


def test_increments():
    np.testing.assert_allclose(path().evaluate(0.2, 3.0), SPLINE(3.0) - SPLINE(0.2), atol=1e-13)
    assert (path().t0, path().t1) == (0.0, 4.0)


def test_slopes_inside_a_step_over_several_knots():
    solver = nde.Tsit5()
    place = path().begin(jnp.asarray(0.2))
    slopes, _ = path().slopes(jnp.asarray(0.2), jnp.asarray(2.3), solver.nodes, place)
    np.testing.assert_allclose(slopes, SPLINE(0.2 + 2.3 * np.array(solver.nodes), 1), atol=1e-12)


def test_wrong_coefficients_are_refused():
    with pytest.raises(ValueError, match="got 3 coefficients as `coeffs`"):
        nde.CubicInterpolation(TS, tuple(SPLINE.c)[:3])
    with pytest.raises(ValueError, match="expected a leading axis of length 3"):
        nde.CubicInterpolation(TS[:-1], tuple(SPLINE.c))
