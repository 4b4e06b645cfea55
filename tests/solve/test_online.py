"""One observation at a time, against the solve along the whole path."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde

pytestmark = pytest.mark.usefixtures("x64")

TS = np.cumsum(np.random.default_rng(3).uniform(0.1, 0.8, 9))
XS = np.random.default_rng(4).normal(size=(9, 2))
WEIGHTS = np.random.default_rng(5).normal(size=(3, 6, 4))
Y0 = np.array([0.3, -0.1, 0.2, 0.5])


def field(channels):
    def vector_field(t, y, args):
        return jnp.tanh(args[:channels, :4] @ y).T + 0.1 * jnp.sin(t)

    return vector_field


def online_states(growing, xs, channels):
    online = nde.OnlineCDE(field(channels), growing)

    @jax.jit
    def update(state, t, x):
        return online.update(state, t, x, WEIGHTS)

    state, found = online.init(TS[0], jnp.asarray(xs[0]), Y0), [Y0]
    for t, x in zip(TS[1:], xs[1:], strict=True):
        state = update(state, t, x)
        found.append(state.y)
    assert state.t == TS[-1]
    return np.stack(found)


def offline_states(path, channels, ts):
    term = nde.ControlTerm(field(channels), path).to_ode()
    saveat, controller = nde.SaveAt(ts=ts), nde.StepTo(path.ts)
    return nde.diffeqsolve(
        term, nde.Tsit5(), path.t0, path.t1, None, Y0, WEIGHTS, saveat=saveat, stepsize_controller=controller
    ).ys


def test_linear():
    offline = offline_states(nde.LinearInterpolation(TS, XS), 2, TS)
    np.testing.assert_allclose(online_states(nde.GrowingLinear(), XS, 2), offline, rtol=1e-12)


def test_hermite():
    path = nde.CubicInterpolation(TS, nde.backward_hermite_coefficients(jnp.asarray(TS), jnp.asarray(XS)))
    offline = offline_states(path, 2, TS)
    np.testing.assert_allclose(online_states(nde.GrowingHermite(), XS, 2), offline, rtol=1e-11)


def test_rectilinear_with_gaps():
    gappy = XS.copy()
    gappy[[2, 3, 6], [0, 0, 1]] = np.nan
    times, values = nde.rectilinear_interpolation(jnp.asarray(TS), jnp.asarray(gappy))
    clock = jnp.arange(len(times), dtype=float)
    path = nde.LinearInterpolation(clock, jnp.concatenate([times[:, None], values], axis=1))
    offline = offline_states(path, 3, clock[::2])
    np.testing.assert_allclose(online_states(nde.GrowingRectilinear(), gappy, 3), offline, rtol=1e-12)


def test_a_batch_of_series_in_one_update():
    online = nde.OnlineCDE(lambda t, y: jnp.sin(y)[:, None] * jnp.ones((1, 2)))
    starts = jnp.asarray([Y0, -Y0])
    states = jax.vmap(lambda y: online.init(TS[0], XS[0], y))(starts)
    states = jax.vmap(lambda s: online.update(s, TS[1], XS[1]))(states)
    alone = online.update(online.init(TS[0], XS[0], -Y0), TS[1], XS[1])
    np.testing.assert_allclose(states.y[1], alone.y, rtol=1e-13)


def test_an_observation_that_is_not_later_is_refused():
    online = nde.OnlineCDE(lambda t, y: y[:, None] * jnp.ones((1, 2)))
    first = online.init(1.0, XS[0], Y0)
    words = "later than the one before it"
    with pytest.raises(nde.SolveError, match=words + r".*the last time = 1, the new time = 1\."):
        online.update(first, 1.0, XS[1])
    with pytest.raises(jax.errors.JaxRuntimeError, match=words + r".*the new time = 0\.5\."):
        jax.block_until_ready(jax.jit(online.update)(first, 0.5, XS[1]))
    with pytest.raises(ValueError, match="must not decrease"):
        online.update(first, 0.5, XS[1])


def test_two_observations_of_one_time_are_a_jump_of_the_rectilinear_path():
    online = nde.OnlineCDE(lambda t, y: y[:, None] * jnp.ones((1, 3)), nde.GrowingRectilinear())
    state = online.update(online.init(1.0, 0.1 * XS[0], Y0), 1.0, 0.1 * XS[1])
    np.testing.assert_allclose(state.y, Y0 * np.exp(0.1 * np.sum(XS[1] - XS[0])), rtol=1e-6)


ONLINE = nde.OnlineCDE(lambda t, y: y[:, None])


def begun() -> Any:
    return ONLINE.init(0.0, jnp.zeros(1), jnp.ones(2))


MISTAKES = {
    "a time of two": (lambda: ONLINE.update(begun(), jnp.ones(2), jnp.zeros(1)), ValueError, "single number"),
    "a time that is none": (lambda: ONLINE.update(begun(), "a", jnp.zeros(1)), TypeError, "real number"),
    "a beginning at two times": (lambda: ONLINE.init(jnp.zeros(2), jnp.zeros(1), jnp.ones(2)), ValueError, "single"),
    "no state": (lambda: ONLINE.update(3, 1.0, jnp.zeros(1)), TypeError, "`init`"),
    "complex": (lambda: ONLINE.update(begun(), 1.0, jnp.zeros(1, complex)), TypeError, "complex"),
    "another structure": (lambda: ONLINE.update(begun(), 1.0, {"a": jnp.zeros(1)}), ValueError, "structure"),
}


@pytest.mark.usefixtures("as_users_call_it")
@pytest.mark.parametrize(("made", "kind", "words"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told(made, kind, words) -> None:
    with pytest.raises(kind, match=words):
        made()
