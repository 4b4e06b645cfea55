"""Signatures: against integrals computed word by word, and their identities."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import signax
from jax.test_util import check_grads

import nde
from tests.signatures.iterated import iterated_integrals, points, shuffles, words

CHANNELS, DEPTH = 3, 4


@functools.cache
def _jitted(**options):
    return jax.jit(functools.partial(nde.signature, depth=DEPTH, **options))


@pytest.mark.parametrize(("channels", "depth"), [(1, 3), (2, 1), (2, 5), (3, 3)])
def test_iterated_integrals(channels: int, depth: int, x64):
    xs = points(8, channels)
    np.testing.assert_allclose(nde.signature(jnp.asarray(xs), depth), iterated_integrals(xs, depth), rtol=1e-12)


def test_an_independent_package_finds_the_same(x64):
    xs = jnp.asarray(points(17, CHANNELS))
    np.testing.assert_allclose(_jitted()(xs), signax.signature(xs, DEPTH), rtol=1e-10, atol=1e-14)


def test_shuffles(x64):
    """`S_u S_v` is the sum over all shuffles of `u` and `v`: the integrals are those of one path."""
    found = dict(zip(words(2, 5), np.asarray(nde.signature(jnp.asarray(points(9, 2)), 5)), strict=True))
    for u in words(2, 3):
        for v in words(2, 2):
            total = sum(found[w] for w in shuffles(u, v))
            np.testing.assert_allclose(found[u] * found[v], total, rtol=1e-10, atol=1e-13)


def test_points_on_a_line_and_speed_do_not_matter(x64):
    xs = points(9, CHANNELS)
    between = np.concatenate([xs[:4], [0.3 * xs[3] + 0.7 * xs[4], xs[4], xs[4]], xs[5:]])
    # Terms of about one cancel: what is left of them is exact to their rounding, not to its own.
    np.testing.assert_allclose(_jitted()(between), _jitted()(xs), rtol=1e-12, atol=1e-15)


def test_where_a_path_starts_does_not_matter_but_as_a_first_step(x64):
    xs = jnp.asarray(points(9, CHANNELS))
    np.testing.assert_allclose(_jitted()(xs + 5.0), _jitted()(xs), rtol=1e-8, atol=1e-12)
    steps = jnp.concatenate([xs[:1], jnp.diff(xs, axis=0)])
    from_zero = jnp.concatenate([jnp.zeros_like(xs[:1]), xs])
    np.testing.assert_allclose(nde.signature_of_increments(steps, DEPTH), _jitted()(from_zero), rtol=1e-12)


def test_stream_is_the_signature_of_each_part(x64):
    xs = jnp.asarray(points(7, CHANNELS))
    parts = _jitted(stream=True)(xs)
    assert parts.shape == (6, nde.signature_dimension(CHANNELS, DEPTH))
    for end in range(2, 8):
        np.testing.assert_allclose(parts[end - 2], iterated_integrals(np.asarray(xs[:end]), DEPTH), atol=1e-14)


@pytest.mark.parametrize("stream", [False, True])
def test_a_batch_is_a_loop(stream: bool, x64):
    xs = jnp.asarray(points(7, CHANNELS, batch=(2, 3)))
    batch = _jitted(stream=stream)(xs)
    mapped = jax.jit(jax.vmap(jax.vmap(_jitted(stream=stream))))(xs)
    for i in np.ndindex(2, 3):
        np.testing.assert_allclose(batch[i], _jitted(stream=stream)(xs[i]), rtol=1e-12)
    np.testing.assert_allclose(mapped, batch, rtol=1e-12)


@pytest.mark.parametrize("stream", [False, True])
def test_gradients_are_those_of_differences(stream: bool, x64):
    xs = jnp.asarray(points(6, 2, batch=(2,)))
    check_grads(jax.jit(lambda xs: nde.signature(xs, 3, stream=stream)), (xs,), order=1)


def test_single_precision_stays_single():
    xs = points(100, CHANNELS)
    single = _jitted()(jnp.asarray(xs, jnp.float32))
    assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, iterated_integrals(xs, DEPTH), atol=2e-5)


def test_whole_numbers_are_taken_as_real_ones():
    corner = nde.signature_of_increments(np.eye(2, dtype=int), 2)
    np.testing.assert_allclose(corner, [1, 1, 0.5, 1, 0, 0.5])


def test_one_point_has_the_signature_of_rest():
    assert not np.any(nde.signature(jnp.ones((1, 2)), 3))
    assert nde.signature(jnp.ones((1, 2)), 3, stream=True).shape == (0, 14)


def test_missing_values_spoil_what_comes_after():
    xs = jnp.asarray(points(6, 2), jnp.float32).at[3, 0].set(jnp.nan)
    parts = nde.signature(xs, 2, stream=True)
    assert np.all(np.isfinite(parts[:2]))
    assert np.all(np.any(np.isnan(parts[2:]), axis=1))


def test_misuse_is_named():
    with pytest.raises(ValueError, match="expected `\\(\\*batch, length, channels\\)`"):
        nde.signature(jnp.ones(3), 2)
    with pytest.raises(ValueError, match="depth=0"):
        nde.signature(jnp.ones((3, 2)), 0)
    with pytest.raises(ValueError, match="expected `\\(\\*batch, steps, channels\\)`"):
        nde.signature_of_increments(jnp.ones(3), 2)
