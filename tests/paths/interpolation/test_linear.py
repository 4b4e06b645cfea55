"""Linear interpolation, against NumPy's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde

pytestmark = pytest.mark.usefixtures("x64")

TS = np.array([0.0, 0.3, 1.0, 1.1, 4.0])
YS = np.random.default_rng(0).normal(size=(5, 2))


def path():
    return nde.LinearInterpolation(TS, {"x": YS, "t": TS})


def test_agrees_with_numpy():
    t = np.linspace(0, 4, 57)
    values = jax.vmap(path().evaluate)(jnp.asarray(t))
    np.testing.assert_allclose(values["x"], np.stack([np.interp(t, TS, y) for y in YS.T], axis=1), atol=1e-14)
    np.testing.assert_allclose(values["t"], t, atol=1e-14)


def test_is_exact_at_the_knots_to_the_last_bit():
    for left in (True, False):
        values = jax.vmap(lambda t: path().evaluate(t, left=left))(jnp.asarray(TS))  # noqa: B023
        np.testing.assert_array_equal(values["x"], YS)


def test_increments_and_slopes():
    increment = path().evaluate(0.1, 1.05)["x"]
    ends = [np.interp([0.1, 1.05], TS, y) for y in YS.T]
    np.testing.assert_allclose(increment, [b - a for a, b in ends], atol=1e-14)
    slopes = np.diff(YS, axis=0) / np.diff(TS)[:, None]
    np.testing.assert_allclose(path().derivative(0.5)["x"], slopes[1])
    np.testing.assert_allclose(path().derivative(1.0)["x"], slopes[1])
    np.testing.assert_allclose(path().derivative(1.0, left=False)["x"], slopes[2])


def test_outside_its_ends_the_last_line_goes_on():
    line = nde.LinearInterpolation([0.0, 1.0, 2.0], np.array([0.0, 5.0, 6.0]))
    np.testing.assert_allclose([line.evaluate(-1.0), line.evaluate(4.0)], [-5.0, 8.0])


def test_two_knots_at_one_time_are_a_jump():
    jumping = nde.LinearInterpolation([0.0, 1.0, 1.0, 2.0], np.array([0.0, 1.0, 5.0, 6.0]))
    np.testing.assert_allclose([jumping.evaluate(1.0), jumping.evaluate(1.0, left=False)], [1.0, 5.0])
    np.testing.assert_allclose(jumping.evaluate(0.5, 1.5), 5.0)


def test_missing_values_stay_missing():
    gappy = nde.LinearInterpolation([0.0, 1.0, 2.0, 3.0], np.array([0.0, np.nan, 2.0, 4.0]))
    assert np.isnan(gappy.evaluate(0.5))
    np.testing.assert_allclose(gappy.evaluate(2.5), 3.0)


def test_gradients_reach_data_and_times():
    def value(ts, ys):
        return nde.LinearInterpolation(ts, ys).evaluate(0.65)

    ts, ys = jnp.asarray(TS), jnp.asarray(YS[:, 0])
    dts, dys = jax.grad(value, (0, 1))(ts, ys)
    np.testing.assert_allclose(dys, [0, 0.5, 0.5, 0, 0], atol=1e-14)
    slope = (ys[2] - ys[1]) / 0.7
    np.testing.assert_allclose(dts, [0, -0.5 * slope, -0.5 * slope, 0, 0], atol=1e-14)


def test_float32_stays_float32():
    with jax.enable_x64(False):
        value = nde.LinearInterpolation(jnp.asarray(TS, jnp.float32), jnp.asarray(YS, jnp.float32)).evaluate(0.5)
        assert value.dtype == jnp.float32


@pytest.mark.parametrize(
    ("ts", "ys", "message"),
    [
        ([0.0], np.ones(1), r"got `ts` of shape \(1,\); expected a one-dimensional array of at least two"),
        (np.ones((1, 2)), np.ones(2), "one-dimensional"),
        ([0.0, 1.0], np.ones(3), r"got `ys` of shape \(3,\); expected a leading axis of length 2"),
        ([0.0, 2.0, 1.0], np.ones(3), "got times that do not increase: 1.0 after 2.0"),
        ([0.0, np.nan], np.ones(2), "got times that do not increase: nan after 0.0"),
        ([0.0, 1.0], [1.0, 2.0], "A list is a tree of numbers here: pass an array"),
        ([0.0, 1.0], 1.0, r"got `ys` of shape \(\); expected a leading axis of length 2"),
    ],
)
def test_wrong_shapes_are_refused(ts, ys, message):
    with pytest.raises(ValueError, match=message):
        nde.LinearInterpolation(ts, ys)
