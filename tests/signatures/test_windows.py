"""Log-signatures over windows, as a path."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.signatures.iterated import points

LENGTH, CHANNELS = 12, 2
TS = np.cumsum(np.random.default_rng(1).uniform(0.1, 1.0, LENGTH))


@pytest.mark.parametrize(("window", "ends"), [(4, [0, 4, 8, 11]), (11, [0, 11]), (50, [0, 11])])
def test_increments_are_the_log_signatures_of_the_windows(window: int, ends: list[int], x64):
    xs = jnp.asarray(points(LENGTH, CHANNELS))
    path = nde.logsignature_windows(TS, xs, window, depth=3)
    np.testing.assert_array_equal(path.ts, TS[ends])
    for start, end in itertools.pairwise(ends):
        increment = path.evaluate(TS[start], TS[end])
        np.testing.assert_allclose(increment, nde.logsignature(xs[start : end + 1], 3), rtol=1e-10, atol=1e-14)


def test_depth_one_over_single_intervals_is_linear_interpolation():
    xs = jnp.asarray(points(LENGTH, CHANNELS), jnp.float32)
    path, line = nde.logsignature_windows(TS, xs, 1, 1), nde.LinearInterpolation(TS, xs)
    assert path.ys.dtype == jnp.float32
    np.testing.assert_array_equal(path.ts, line.ts)
    np.testing.assert_array_equal(path.ys, line.ys)
    np.testing.assert_array_equal(path.evaluate(1.3, 4.1), line.evaluate(1.3, 4.1))


def test_a_batch_is_a_loop(x64):
    xs = jnp.asarray(points(LENGTH, CHANNELS, batch=(3,)))
    batch = jax.vmap(lambda xs: nde.logsignature_windows(TS, xs, 4, 3).ys)(xs)
    for i in range(3):
        np.testing.assert_allclose(batch[i], nde.logsignature_windows(TS, xs[i], 4, 3).ys, rtol=1e-12, atol=1e-15)


def test_missing_values_spoil_higher_levels_from_their_window_on():
    xs = jnp.asarray(points(LENGTH, CHANNELS), jnp.float32).at[6, 0].set(jnp.nan)
    ys = nde.logsignature_windows(TS, xs, 4, 2).ys
    np.testing.assert_array_equal(np.isnan(ys), [[0, 0, 0], [0, 0, 0], [0, 0, 1], [0, 0, 1]])


def test_misuse_is_named():
    xs = jnp.ones((LENGTH, CHANNELS))
    with pytest.raises(ValueError, match="window=0"):
        nde.logsignature_windows(TS, xs, 0, 2)
    with pytest.raises(ValueError, match="depth=0"):
        nde.logsignature_windows(TS, xs, 2, 0)
    with pytest.raises(ValueError, match=r"times of shape \(11,\) and a series of shape \(12, 2\)"):
        nde.logsignature_windows(TS[1:], xs, 2, 2)
    with pytest.raises(ValueError, match=r"jax\.vmap"):
        nde.logsignature_windows(TS, xs[None], 2, 2)
