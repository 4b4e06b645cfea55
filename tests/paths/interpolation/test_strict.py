"""Where JAX is asked to look for `nan`, complete data raise no alarm: what is guarded is never divided by zero."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde

TS = jnp.array([0.0, 0.5, 2.0, 3.0])
YS = jnp.array([[1.0, 0.0], [2.0, -1.0], [0.5, 4.0], [0.0, 1.0]])


@pytest.fixture(autouse=True)
def _looks_for_nans() -> Iterator[None]:
    with jax.debug_nans(True):
        yield


@pytest.mark.parametrize("make", [nde.backward_hermite_coefficients, nde.natural_cubic_coefficients])
def test_splines(make):
    path = nde.CubicInterpolation(TS, make(TS, YS))
    np.testing.assert_allclose(path.evaluate(2.0), YS[2], rtol=1e-5)
    gradient = jax.grad(lambda ys: jnp.sum(nde.CubicInterpolation(TS, make(TS, ys)).evaluate(1.0)))(YS)
    assert np.isfinite(gradient).all()


def test_filling():
    np.testing.assert_array_equal(nde.linear_interpolation(TS, YS, fill_forward_nans_at_end=True), YS)
    ts, ys = nde.rectilinear_interpolation(TS, YS)
    path = nde.LinearInterpolation(ts, ys)
    np.testing.assert_array_equal(path.evaluate(2.0, left=False), YS[2])
    assert np.isfinite(jax.grad(lambda t: jnp.sum(path.evaluate(t)))(1.0))


def test_growing():
    growing = nde.GrowingHermite()
    piece, _ = growing.grow(growing.init(0.0, YS[0]), 0.5, YS[1])
    np.testing.assert_allclose(piece.evaluate(0.5), YS[1], rtol=1e-6)


def test_noise():
    tree = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (2,), jax.random.key(0), nde.SpaceTimeLevyArea)
    assert np.isfinite(tree.evaluate(0.25, 0.25, use_levy=True).H).all()
    assert np.isfinite(tree.evaluate(0.0, 1.0, use_levy=True).H).all()
