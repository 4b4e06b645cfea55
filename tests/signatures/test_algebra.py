"""The tensor algebra: Chen's identity, inverses, exponential and logarithm."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.signatures.iterated import points, words

CHANNELS, DEPTH = 3, 4


def test_chen(x64):
    """Iterated integrals over a path, from those over its parts."""
    xs = jnp.asarray(points(9, CHANNELS, batch=(2,)))
    parts = nde.signature(xs[:, :4], DEPTH), nde.signature(xs[:, 3:], DEPTH)
    np.testing.assert_allclose(
        nde.signature_combine(*parts, channels=CHANNELS), nde.signature(xs, DEPTH), rtol=1e-10, atol=1e-14
    )


def test_the_way_back_undoes_the_way_there(x64):
    xs = jnp.asarray(points(9, CHANNELS))
    there, back = nde.signature(xs, DEPTH), nde.signature(xs[::-1], DEPTH)
    np.testing.assert_allclose(nde.signature_combine(there, back, CHANNELS), 0, atol=1e-13)
    np.testing.assert_allclose(nde.signature_combine(back, there, CHANNELS), 0, atol=1e-13)


def test_a_straight_line_is_an_exponential(x64):
    dx = np.array([0.3, -1.2, 0.7])
    element = jnp.zeros(nde.signature_dimension(3, DEPTH)).at[:3].set(dx)
    expected = [math.prod(dx[i] for i in w) / math.factorial(len(w)) for w in words(3, DEPTH)]
    np.testing.assert_allclose(nde.tensor_exp(element, 3), expected, rtol=1e-13)
    np.testing.assert_allclose(nde.signature(jnp.stack([jnp.zeros(3), dx]), DEPTH), expected, rtol=1e-13)
    np.testing.assert_allclose(nde.tensor_log(jnp.asarray(expected), 3), element, atol=1e-14)


def test_logarithm_and_exponential_are_power_series(x64):
    """In the algebra of one channel: polynomials of degree `DEPTH` without constant."""
    a = np.array([0.5, -0.3, 0.2, 0.7])
    powers = [np.eye(DEPTH + 1)[0]]
    for _ in range(DEPTH):
        powers.append(np.convolve(powers[-1], [0.0, *a])[: DEPTH + 1])
    exponential = sum(p / math.factorial(n) for n, p in enumerate(powers))
    logarithm = -sum((-1) ** n * p / n for n, p in enumerate(powers) if n)
    np.testing.assert_allclose(nde.tensor_exp(jnp.asarray(a), 1), exponential[1:], rtol=1e-13)
    np.testing.assert_allclose(nde.tensor_log(jnp.asarray(a), 1), logarithm[1:], rtol=1e-13)


def test_they_are_inverse_to_each_other(x64):
    flat = jnp.asarray(points(5, nde.signature_dimension(2, 5)))
    np.testing.assert_allclose(nde.tensor_exp(nde.tensor_log(flat, 2), 2), flat, atol=1e-10)
    np.testing.assert_allclose(nde.tensor_log(nde.tensor_exp(flat, 2), 2), flat, atol=1e-10)


def test_misuse_is_named():
    with pytest.raises(ValueError, match=r"7 terms along its last axis for 2 channels.*2, 6, 14"):
        nde.tensor_log(jnp.ones(7), 2)
    with pytest.raises(ValueError, match="signatures with 6 and 14 terms"):
        nde.signature_combine(jnp.ones(6), jnp.ones(14), 2)
    with pytest.raises(ValueError, match="channels=0"):
        nde.tensor_exp(jnp.ones(6), 0)
