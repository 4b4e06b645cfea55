import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.paths.interpolation.gaps import NAN, filled, gappy, times


@pytest.mark.parametrize("start", [None, 7.0])
@pytest.mark.parametrize("end", [False, True])
def test_each_channel_is_filled_from_its_own_observations(x64, start: float | None, end: bool):
    ts, ys = times(), gappy()
    wanted = filled(ys, start, end)
    for y in wanted.T:
        seen = np.flatnonzero(~np.isnan(y))
        if len(seen):
            inside = slice(seen[0], seen[-1] + 1)
            y[inside] = np.interp(ts[inside], ts[seen], y[seen])
    got = nde.linear_interpolation(ts, ys, fill_forward_nans_at_end=end, replace_nans_at_start=start)
    np.testing.assert_allclose(got, wanted, rtol=1e-13, atol=1e-13)
    observed = ~np.isnan(ys)
    np.testing.assert_array_equal(np.asarray(got)[observed], ys[observed])


def test_trees_keep_their_shapes_and_precisions():
    ts, ys = times(), gappy(12).astype(np.float32)
    tree = {"a": ys.reshape(-1, 3, 4), "b": [ys[:, 0]]}
    got = nde.linear_interpolation(ts.astype(np.float32), tree, replace_nans_at_start={"a": np.zeros(4), "b": [1.0]})
    whole = nde.linear_interpolation(ts.astype(np.float32), ys, replace_nans_at_start=0.0)
    assert jax.tree.structure(got) == jax.tree.structure(tree)
    np.testing.assert_array_equal(got["a"].reshape(-1, 12), whole)
    assert got["a"].dtype == jnp.float32


def test_a_line_stays_a_line_in_both_precisions_and_at_large_times(x64):
    line = np.linspace(0, 1, 12)
    gaps = np.where(np.arange(12) % 3 == 1, NAN, line)
    for dtype, error in ((np.float32, 1e-6), (np.float64, 1e-12)):
        got = nde.linear_interpolation(1.7e9 + np.linspace(0, 5, 12), gaps.astype(dtype))
        assert got.dtype == dtype
        np.testing.assert_allclose(got, line, atol=max(error, 1e-6))


def test_whole_numbers_and_complex_numbers():
    np.testing.assert_array_equal(nde.linear_interpolation([0, 1], np.array([3, 4])), [3.0, 4.0])
    got = nde.linear_interpolation([0.0, 1.0, 2.0], np.array([0, NAN, 2 + 2j], np.complex64))
    np.testing.assert_allclose(got, [0, 1 + 1j, 2 + 2j])


@pytest.mark.parametrize(
    ("ts", "ys", "words"),
    [
        ([0.0], np.zeros(1), "`linear_interpolation` got `ts` of shape"),
        (np.zeros((2, 2)), np.zeros(2), "one-dimensional"),
        ([0.0, 1.0], {"a": np.zeros(2), "b": np.zeros(3)}, "got `ys` of shape .*leading axis of length 2"),
        ([0.0, 1.0], np.float64(1.0), "leading axis"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(ts, ys, words: str):
    with pytest.raises(ValueError, match=words):
        nde.linear_interpolation(ts, ys)


def test_a_start_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="`replace_nans_at_start` of shape"):
        nde.linear_interpolation([0.0, 1.0], np.zeros((2, 3)), replace_nans_at_start=np.zeros(2))
