import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

import nde
from tests.paths.interpolation.gaps import NAN, channelwise, filled, gappy, times


def backward(ts: np.ndarray, ys: np.ndarray, deriv0: float | None = None) -> CubicHermiteSpline:
    slopes = np.diff(ys) / np.diff(ts)
    return CubicHermiteSpline(ts, ys, np.concatenate([slopes[:1] if deriv0 is None else [deriv0], slopes]))


@pytest.mark.parametrize("start", [None, 7.0])
@pytest.mark.parametrize("end", [False, True])
def test_each_channel_is_the_hermite_spline_of_its_observations(x64, start: float | None, end: bool):
    ts, ys = times(), gappy()
    got = nde.backward_hermite_coefficients(ts, ys, fill_forward_nans_at_end=end, replace_nans_at_start=start)
    for ours, wanted in zip(got, channelwise(ts, filled(ys, start, end), backward), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-10, atol=1e-10)


def test_a_given_derivative_is_that_at_the_first_time_alone(x64):
    ts, ys = times(), gappy()
    *_, b, _ = got = nde.backward_hermite_coefficients(ts, ys, deriv0=np.full(ys.shape[1], 2.0))
    started = ~np.isnan(ys[0]) & (np.sum(~np.isnan(ys), axis=0) > 1)
    np.testing.assert_array_equal(np.asarray(b)[0, started], 2.0)
    given = channelwise(ts, ys[:, started], lambda t, y: backward(t, y, 2.0))
    late = channelwise(ts, ys[:, ~started], backward)
    for ours, wanted, other in zip(got, given, late, strict=True):
        np.testing.assert_allclose(np.asarray(ours)[:, started], wanted, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(np.asarray(ours)[:, ~started], other, rtol=1e-10, atol=1e-10)


def test_the_path_and_its_derivative_are_continuous_over_gaps(x64):
    ts, ys = times(), filled(gappy(), 0.0, True)
    d, c, b, a = map(np.asarray, nde.backward_hermite_coefficients(ts, ys))
    h = np.diff(ts)[:, None]
    np.testing.assert_allclose((((d * h + c) * h + b) * h + a)[:-1], a[1:], atol=1e-12)
    np.testing.assert_allclose(((3 * d * h + 2 * c) * h + b)[:-1], b[1:], atol=1e-11)


def test_trees_and_single_precision():
    ts, ys = times().astype(np.float32), gappy(12).astype(np.float32)
    tree = {"a": ys.reshape(-1, 3, 4), "b": (ys[:, 0],)}
    got = nde.backward_hermite_coefficients(ts, tree)
    for ours, wanted in zip(got, channelwise(ts.astype(float), ys.astype(float), backward), strict=True):
        np.testing.assert_allclose(ours["a"].reshape(-1, 12), wanted, rtol=1e-3, atol=1e-3)
        assert ours["a"].dtype == ours["b"][0].dtype == np.float32


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="`backward_hermite_coefficients` got `ys` of shape"):
        nde.backward_hermite_coefficients([0.0, 1.0], np.zeros(3))
    with pytest.raises(ValueError, match="got `deriv0` of shape"):
        nde.backward_hermite_coefficients([0.0, 1.0], np.array([0.0, NAN]), deriv0=np.zeros(2))
