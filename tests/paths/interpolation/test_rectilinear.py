import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.paths.interpolation.gaps import NAN, gappy, times


def test_time_and_data_advance_in_turns():
    ts, ys = nde.rectilinear_interpolation([0.0, 1.0, 3.0], {"a": np.array([5.0, 6.0, 4.0])})
    np.testing.assert_array_equal(ts, [0, 1, 1, 3, 3])
    np.testing.assert_array_equal(ys["a"], [5, 5, 6, 6, 4])


@pytest.mark.parametrize("start", [None, 7.0])
def test_missing_values_are_the_last_observed(start: float | None):
    ys = gappy().astype(np.float32)
    wanted = ys.copy()
    for i in range(len(ys)):
        before = wanted[i - 1] if i else np.full(ys.shape[1], NAN if start is None else start, np.float32)
        wanted[i] = np.where(np.isnan(ys[i]), before, ys[i])
    _, got = nde.rectilinear_interpolation(times(), ys, start)
    np.testing.assert_array_equal(got, np.repeat(wanted, 2, axis=0)[:-1])


def test_the_gradient_counts_how_often_a_value_is_held():
    ys = jnp.array([NAN, 1.0, NAN, NAN, 2.0])
    gradient = jax.grad(lambda y: jnp.nansum(nde.rectilinear_interpolation(jnp.arange(5.0), y)[1]))(ys)
    np.testing.assert_array_equal(gradient, [0, 6, 0, 0, 1])


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="`rectilinear_interpolation` got `ts`"):
        nde.rectilinear_interpolation([0.0], np.zeros(1))
