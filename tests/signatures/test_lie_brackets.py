"""The log-ODE method: brackets of vector fields against their definition, and solutions that are known."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

import nde
from tests.signatures.iterated import points

MATRICES = np.random.default_rng(2).normal(size=(2, 3, 3)) / 2
Y0 = np.array([1.0, -0.5, 0.3])


def _linear(t, y, args):
    return jnp.einsum("iab,b->ai", jnp.asarray(MATRICES, y.dtype), y)


def _curved(t, y, args):
    return jnp.stack([jnp.sin(y[::-1] * y), args * y**2 - y[0], jnp.cos(y).cumsum()], axis=-1)


def _bracket(field, word):
    """`[u, v] = (D v) u - (D u) v`, split at the longest proper suffix that is a Lyndon word."""
    if len(word) == 1:
        return lambda y: field(y)[:, word[0]]
    cut = next(i for i in range(1, len(word)) if all(word[i:] < word[j:] for j in range(i + 1, len(word))))
    u, v = _bracket(field, word[:cut]), _bracket(field, word[cut:])
    return lambda y: jax.jacfwd(v)(y) @ u(y) - jax.jacfwd(u)(y) @ v(y)


@pytest.mark.parametrize("depth", [1, 3])
def test_columns_are_brackets(depth: int, x64):
    y, args = jnp.asarray(Y0), 0.7
    found = jax.jit(nde.LieBrackets(_curved, depth))(0.0, y, args)

    def all_brackets(y):
        brackets = (_bracket(lambda y: _curved(0.0, y, args), word) for word in nde.lyndon_words(3, depth))
        return jnp.stack([bracket(y) for bracket in brackets], axis=-1)

    np.testing.assert_allclose(found, jax.jit(all_brackets)(y), rtol=1e-11, atol=1e-13)


def test_states_of_any_shape(x64):
    """A matrix as the state is the same as its numbers in a row."""
    y = jnp.asarray(np.random.default_rng(3).normal(size=(2, 3)))

    def field(t, y, args):
        return jnp.stack([jnp.sin(y) @ jnp.ones((3, 3)), y**2], axis=-1)

    def flat(t, y, args):
        return field(t, y.reshape(2, 3), args).reshape(6, 2)

    found, expected = jax.jit(
        lambda y: (nde.LieBrackets(field, 3)(0.0, y, None), nde.LieBrackets(flat, 3)(0.0, y.ravel(), None))
    )(y)
    np.testing.assert_allclose(found.reshape(6, -1), expected, rtol=1e-12)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_over_a_window_the_error_is_of_the_order_of_the_first_level_left_out(depth: int, x64):
    """For linear fields both sides are exponentials: of each step, multiplied, and of the log-signature's field."""
    xs, field = points(9, 2), nde.LieBrackets(_linear, depth)
    columns = np.asarray(jax.jit(jax.jacfwd(lambda y: field(0.0, y, None)))(jnp.asarray(Y0)))
    errors = []
    for scale in (0.1, 0.05):
        found = scipy.linalg.expm(np.einsum("awb,w->ab", columns, nde.logsignature(jnp.asarray(scale * xs), depth)))
        errors.append(np.linalg.norm(found - _flow(scale * xs)))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(depth + 1, abs=0.15)


def _flow(xs):
    flow = np.eye(3)
    for dx in np.diff(xs, axis=0):
        flow = scipy.linalg.expm(np.einsum("i,iab->ab", dx, MATRICES)) @ flow
    return flow


@functools.partial(jax.jit, static_argnames=("field", "window", "depth"))
def _solved(ts, xs, y0, field, window: int, depth: int):
    path = nde.logsignature_windows(ts, xs, window, depth)
    term = nde.ControlTerm(nde.LieBrackets(field, depth), path)
    steps = nde.StepTo(ts=path.ts)
    return nde.diffeqsolve(term, nde.Tsit5(), ts[0], ts[-1], None, y0, stepsize_controller=steps).ys[-1]


def test_it_is_exact_where_longer_brackets_vanish(x64):
    """On the Heisenberg group the third component is the signed area, and one window of depth 2 holds all of it."""
    xs = points(40, 2)

    def heisenberg(t, y, args):
        return jnp.stack([jnp.stack([1.0, 0.0, -y[1] / 2]), jnp.stack([0.0, 1.0, y[0] / 2])], axis=-1)

    found = _solved(jnp.arange(40.0), jnp.asarray(xs), jnp.zeros(3), heisenberg, 39, 2)
    rest = xs - xs[0]
    area = 0.5 * np.sum(rest[:-1, 0] * np.diff(rest[:, 1]) - rest[:-1, 1] * np.diff(rest[:, 0]))
    np.testing.assert_allclose(found, [*rest[-1], area], rtol=1e-12)


@pytest.mark.slow
def test_deeper_is_closer_and_shorter_windows_are_closer_at_their_order(x64):
    """Along a smooth curve log-signatures are odd in the window: order 2 at depth 1, order 4 at 2 and 3."""
    ts = np.linspace(0.0, 3.0, 769)
    xs = np.stack([np.sin(2 * ts), np.cos(3 * ts) + ts], axis=1)
    expected = _flow(xs) @ Y0

    def error(window: int, depth: int) -> float:
        found = _solved(jnp.asarray(ts), jnp.asarray(xs), jnp.asarray(Y0), _linear, window, depth)
        return float(np.linalg.norm(found - expected))

    coarse, fine = [error(64, depth) for depth in (1, 2, 3)], [error(32, depth) for depth in (1, 2, 3)]
    assert coarse[2] < coarse[1] / 2 < coarse[0] / 10
    np.testing.assert_allclose(np.log2(np.divide(coarse, fine)), [2.0, 4.0, 4.0], atol=0.4)


@pytest.mark.slow
def test_gradients_and_batches(x64):
    """Through brackets, solve and windows, for several series at once: derivatives are those of differences."""
    ts, xs = jnp.arange(7.0), jnp.asarray(points(7, 3, batch=(2,)))

    def loss(args, xs):
        def end(xs):
            path = nde.logsignature_windows(ts, xs, 3, 2)
            term = nde.ControlTerm(nde.LieBrackets(_curved, 2), path)
            steps = nde.StepTo(ts=path.ts)
            return nde.diffeqsolve(
                term, nde.Tsit5(), 0.0, 6.0, None, jnp.asarray(Y0), args, stepsize_controller=steps
            ).ys[-1]

        return jnp.sum(jnp.sin(jax.vmap(end)(xs)))

    point, way = (jnp.asarray(0.7), xs), (jnp.asarray(1.0), jnp.asarray(points(7, 3, batch=(2,), seed=5)))
    value, gradient = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))(*point)
    slope = sum(jnp.sum(g * w) for g, w in zip(gradient, way, strict=True))
    step, compiled = 1e-4, jax.jit(loss)
    there, back = (compiled(*(p + s * w for p, w in zip(point, way, strict=True))) for s in (step, -step))
    np.testing.assert_allclose(slope, (there - back) / (2 * step), rtol=1e-6)
    np.testing.assert_allclose(value, sum(compiled(point[0], x[None]) for x in xs), rtol=1e-10)


def test_single_precision_stays_single():
    assert nde.LieBrackets(_linear, 3)(0.0, jnp.asarray(Y0, jnp.float32), None).dtype == jnp.float32


def test_one_channel_has_no_brackets():
    field = nde.LieBrackets(lambda t, y, args: jnp.sin(y)[:, None], 3)
    np.testing.assert_allclose(field(0.0, jnp.ones(2), None), np.sin(np.ones((2, 1))), rtol=1e-6)


def test_networks_are_modules():
    """A network in the field is a part of the pytree, so that it is trained."""
    network = eqx.nn.MLP(3, 6, 4, 1, activation=jnp.tanh, key=jax.random.key(0))
    field = nde.LieBrackets(eqx.Partial(lambda network, t, y, args: network(y).reshape(3, 2), network), 2)
    gradient = eqx.filter_jit(eqx.filter_grad(lambda field: jnp.sum(field(0.0, jnp.ones(3), None) ** 2)))(field)
    assert jnp.any(gradient.vector_field.args[0].layers[0].weight != 0)


def test_misuse_is_named():
    with pytest.raises(TypeError, match="with 2 arrays; expected a single array"):
        nde.LieBrackets(_linear, 2)(0.0, (jnp.ones(3), jnp.ones(1)), None)
    with pytest.raises(ValueError, match=r"shape \(3,\) for a state of shape \(3,\)"):
        nde.LieBrackets(lambda t, y, args: y, 2)(0.0, jnp.ones(3), None)
    with pytest.raises(ValueError, match="depth=0"):
        nde.LieBrackets(_linear, 0)
