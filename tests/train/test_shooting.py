"""Multiple shooting learns a long oscillation that cannot be learned in one go."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import nde
from nde.data import ArrayLoader, DataError
from nde.train import fit, multiple_shooting

TRUE, WRONG = 2.0, 1.2


def pendulum(stiffness, y0, ts):
    """A frictionless pendulum whose stiffness is to be found."""
    term = nde.ODETerm(lambda t, y, args: jnp.stack([y[1], -args * jnp.sin(y[0])]))
    saveat = nde.SaveAt(ts=ts)
    return nde.diffeqsolve(term, nde.Tsit5(), ts[0], ts[-1], 0.25, y0, stiffness, saveat=saveat, throw=False).ys


def spring(stiffness, y0, ts):
    """The same for small swings, in closed form."""
    root = jnp.sqrt(stiffness)
    amplitude, t = y0[1] / root, root * (ts - ts[0])
    position = y0[0] * jnp.cos(t) + amplitude * jnp.sin(t)
    return jnp.stack([position, root * (amplitude * jnp.cos(t) - y0[0] * jnp.sin(t))], axis=1)


def swings(solve):
    """Seven to nine swings, with noise and a gap."""
    ts = np.linspace(0.0, 40.0, 121)
    ys = np.array(solve(jnp.asarray(TRUE), jnp.asarray([1.5, 0.0]), jnp.asarray(ts, jnp.float32)))
    ys = ys + 0.02 * np.random.default_rng(0).normal(size=ys.shape)
    ys[50:54, 1] = np.nan
    return ts, ys


def train(problem, data=None):
    """Make 200 training steps, starting far from the truth."""
    settings = {"steps": 200, "key": jax.random.key(0), "progress": False}
    data = problem.data if data is None else data
    return fit(problem.begin(jnp.asarray(WRONG)), problem.loss, data, optax.adam(0.03), **settings)


@pytest.mark.parametrize("solve", [spring, pytest.param(pendulum, marks=pytest.mark.slow)])
def test_many_segments_succeed_where_a_single_one_fails(solve):
    data = swings(solve)
    many, one = (train(multiple_shooting(solve, *data, segments)) for segments in (20, 1))
    assert float(many.model.model) == pytest.approx(TRUE, rel=0.01)
    assert many.history.metrics["misfit"][-1] < 0.02**2 * 1.2
    assert many.history.metrics["gap"][-1] < 0.02**2
    assert abs(float(one.model.model) - TRUE) > 0.2
    assert one.history.loss[-1] > 100 * many.history.loss[-1]


def test_segments_in_batches_with_fixed_initial_states():
    """A quarter of the segments at each step; initial states with observation noise suffice to find the stiffness."""
    problem = multiple_shooting(spring, *swings(spring), 20, penalty=0.0, learn_starts=False)
    many = train(problem, ArrayLoader(problem.data, 5))
    assert float(many.model.model) == pytest.approx(TRUE, rel=0.02)
    np.testing.assert_array_equal(many.model.starts, problem.starts)


def test_the_loss_agrees_with_its_formula():
    """Five rows in two segments, solved by a line of known slope."""
    ts, ys = np.arange(5.0), np.array([0.0, 1.0, 5.0, np.nan, 7.0])[:, None]
    problem = multiple_shooting(lambda rate, y0, ts: y0[None] + rate * (ts - ts[0])[:, None], ts, ys, 2, penalty=3.0)
    np.testing.assert_array_equal(problem.starts, [[0.0], [5.0]])
    loss, metrics = problem.loss(problem.begin(jnp.asarray(1.0)), problem.data, None)
    assert float(metrics["misfit"]) == pytest.approx((0 + 0 + 3**2 + 0) / 4)
    assert float(metrics["gap"]) == pytest.approx(3**2)
    assert float(loss) == pytest.approx(9 / 4 + 27)


def test_shorter_segments_repeat_their_last_time():
    problem = multiple_shooting(lambda m, y0, ts: y0 + 0 * ts[:, None], np.arange(6.0), np.zeros((6, 1)), 2)
    np.testing.assert_array_equal(problem.data.ts, [[0, 1, 2, 2], [2, 3, 4, 5]])
    np.testing.assert_array_equal(problem.data.known[..., 0], [[1, 1, 1, 0], [0, 1, 1, 1]])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"segments": 0}, "segments must be from 1 to 3 for 4 times; got 0"),
        ({"segments": 4}, "segments must be from 1 to 3 for 4 times; got 4"),
        ({"ts": np.array([0.0, 1.0, 1.0, 2.0])}, "ts must increase; got 1.0 and 1.0 in rows 1 and 2"),
        ({"ys": np.full((4, 1), np.nan)}, "got none of state 0"),
        ({"penalty": -1.0}, "penalty must be non-negative; got -1.0"),
    ],
)
def test_misuse_raises_an_error_that_explains_it(changes, words):
    with pytest.raises(DataError, match=words):
        multiple_shooting(**{"solve": spring, "ts": np.arange(4.0), "ys": np.zeros((4, 1)), "segments": 2, **changes})
