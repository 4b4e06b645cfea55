"""The inputs of recurrent networks, against a loop over rows."""

import jax.numpy as jnp
import numpy as np

from nde.models.recurrent.rows import Rows

NAN = np.nan
TS = np.array([0.5, 1.0, 3.0, 3.5, 9.0])
YS = np.array([[NAN, 1.0], [2.0, NAN], [NAN, NAN], [4.0, 5.0], [7.0, 7.0]])
ROWS = Rows.of(jnp.asarray(TS), jnp.asarray(YS), 4)


def reference():
    """Return last values with and without the row itself, and times since, by the recursion of Che et al."""
    filled, before, ages = np.zeros((5, 2)), np.zeros((5, 2)), np.zeros((5, 2))
    for channel in range(2):
        last, age = 0.0, 0.0
        for row in range(4):
            if row:
                gap = TS[row] - TS[row - 1]
                age = gap + (age if np.isnan(YS[row - 1, channel]) else 0.0)
            before[row, channel], ages[row, channel] = last, age
            last = last if np.isnan(YS[row, channel]) else YS[row, channel]
            filled[row, channel] = last
    return filled[:4], before[:4], ages[:4]


def test_values_and_ages_agree_with_a_loop():
    filled, before, ages = reference()
    np.testing.assert_allclose(ROWS.filled[:4], filled)
    np.testing.assert_allclose(ROWS.filled_before[:4], before)
    np.testing.assert_allclose(ROWS.ages[:4], ages)


def test_time_stops_in_the_padding():
    np.testing.assert_array_equal(ROWS.gaps, [0.0, 0.5, 2.0, 0.5, 0.0])
    assert not ROWS.observed[4].any()
    assert not ROWS.values[4].any()


def test_rows_are_read_in_order_without_the_padding():
    def step(state, t):
        return 10 * state + t

    assert ROWS.read(step, jnp.array(0.0), ROWS.ts) == 500 + 100 + 30 + 3.5
    assert ROWS.backward().read(step, jnp.array(0.0), ROWS.ts[::-1]) == 3500 + 300 + 10 + 0.5
