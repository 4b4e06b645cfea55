import numpy as np
import pytest
from scipy.interpolate import CubicSpline

import nde
from tests.paths.interpolation.gaps import channelwise, filled, gappy, times


def natural(ts: np.ndarray, ys: np.ndarray) -> CubicSpline:
    return CubicSpline(ts, ys, bc_type="natural")


@pytest.mark.parametrize("start", [None, 7.0])
@pytest.mark.parametrize("end", [False, True])
def test_each_channel_is_the_natural_spline_of_its_observations(x64, start: float | None, end: bool):
    ts, ys = times(), gappy()
    got = nde.natural_cubic_coefficients(ts, ys, fill_forward_nans_at_end=end, replace_nans_at_start=start)
    for ours, wanted in zip(got, channelwise(ts, filled(ys, start, end), natural), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-10, atol=1e-10)


def test_two_observations_make_a_line_and_one_held_makes_a_constant(x64):
    ts, ys = times(), gappy()[:, 1:4]
    d, c, b, a = map(np.asarray, nde.natural_cubic_coefficients(ts, ys))
    assert np.isnan([d[:, :2], c[:, :2], b[:, :2], a[:, :2]]).all()
    slope = (ys[8, 2] - ys[3, 2]) / (ts[8] - ts[3])
    np.testing.assert_allclose(a[3:8, 2], ys[3, 2] + slope * (ts[3:8] - ts[3]), rtol=1e-13)
    np.testing.assert_array_equal(d[3:8, 2], 0)
    d, c, b, a = map(np.asarray, nde.natural_cubic_coefficients(ts, ys, fill_forward_nans_at_end=True))
    assert (a[5:, 1] == ys[5, 1]).all()
    assert not np.any([d[5:, 1], c[5:, 1], b[5:, 1]])


def test_trees_and_single_precision():
    ts, ys = times().astype(np.float32), gappy(12).astype(np.float32)
    tree = {"a": ys.reshape(-1, 3, 4), "b": (ys[:, 0],)}
    got = nde.natural_cubic_coefficients(ts, tree)
    for ours, wanted in zip(got, channelwise(ts.astype(float), ys.astype(float), natural), strict=True):
        np.testing.assert_allclose(ours["a"].reshape(-1, 12), wanted, rtol=1e-3, atol=1e-3)
        assert ours["a"].dtype == ours["b"][0].dtype == np.float32


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="`natural_cubic_coefficients` got `ys` of shape"):
        nde.natural_cubic_coefficients([0.0, 1.0], np.zeros(3))
