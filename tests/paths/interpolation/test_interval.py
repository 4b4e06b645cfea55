"""Finding the interval of a time, against NumPy's search."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde.paths.interpolation.interval import interval, intervals_of_step

pytestmark = pytest.mark.usefixtures("x64")

GRIDS = {
    "uniform": np.linspace(-1.0, 2.0, 31),
    "irregular": np.cumsum(np.random.default_rng(0).exponential(size=40)),
    "two knots": np.array([0.0, 1.0]),
    "repeated knots": np.array([0.0, 0.0, 1.0, 1.0, 1.0, 2.0]),
    "far apart": np.array([0.0, 1e-9, 1.0, 1e9]),
}


def searched(ts, t, left):
    return np.clip(np.searchsorted(ts, t, side="left" if left else "right") - 1, 0, len(ts) - 2)


@pytest.mark.parametrize("left", [True, False], ids=["left", "right"])
@pytest.mark.parametrize("name", GRIDS)
def test_agrees_with_numpy_whatever_the_guess(name, left):
    ts = GRIDS[name]
    span = ts[-1] - ts[0]
    t = np.concatenate([ts, np.random.default_rng(1).uniform(ts[0] - span / 9, ts[-1] + span / 9, 50)])
    np.testing.assert_array_equal(interval(jnp.asarray(ts), t, left), searched(ts, t, left))
    for guess in (0, len(ts) // 2, len(ts) + 7, -3):
        found = interval(jnp.asarray(ts), t, left, jnp.asarray(guess))
        np.testing.assert_array_equal(found, searched(ts, t, left))


def test_lanes_with_grids_of_their_own():
    grids = np.stack([np.linspace(0, 1, 12), np.linspace(0, 1, 12) ** 3])
    t = np.array([0.3, 0.3])
    found = jax.vmap(lambda ts, t: interval(ts, t, left=True))(jnp.asarray(grids), jnp.asarray(t))
    np.testing.assert_array_equal(found, [searched(ts, 0.3, True) for ts in grids])


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
def test_a_step_from_knot_to_knot_stays_in_its_interval(backward):
    """Though `t + h` may be rounded past the knot."""
    ts = jnp.cumsum(jax.random.uniform(jax.random.key(0), (200,), minval=0.01, maxval=1.0))
    starts, ends = (ts[1:], ts[:-1]) if backward else (ts[:-1], ts[1:])
    _, found = jax.vmap(lambda t, end: intervals_of_step(ts, t, end - t, (0.0, 0.5, 1.0), jnp.asarray(5)))(starts, ends)
    np.testing.assert_array_equal(found, np.arange(199)[:, None].repeat(3, axis=1))
