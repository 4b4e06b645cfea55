"""Paths that grow, against paths through all of the data."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

import nde

pytestmark = pytest.mark.usefixtures("x64")

TS = np.array([0.0, 0.4, 1.0, 1.7])
XS = np.random.default_rng(2).normal(size=(4, 2))


def pieces(growing, ts, xs):
    """The pieces of the path, one for each observation but the first."""
    grown, found = growing.init(ts[0], jnp.asarray(xs[0])), []
    for t, x in zip(ts[1:], xs[1:], strict=True):
        piece, grown = growing.grow(grown, t, jnp.asarray(x))
        found.append(piece)
    return found


def test_linear():
    for piece, (a, b) in zip(pieces(nde.GrowingLinear(), TS, XS), itertools.pairwise(TS), strict=True):
        t = 0.3 * a + 0.7 * b
        np.testing.assert_allclose(piece.evaluate(t), [np.interp(t, TS, x) for x in XS.T], atol=1e-14)


def test_hermite_has_the_slopes_of_the_last_line():
    slopes = np.diff(XS, axis=0) / np.diff(TS)[:, None]
    spline = CubicHermiteSpline(TS, XS, np.concatenate([slopes[:1], slopes]))
    for piece in pieces(nde.GrowingHermite(), TS, XS):
        t = 0.3 * piece.t0 + 0.7 * piece.t1
        np.testing.assert_allclose(piece.evaluate(t), spline(t), atol=1e-13)
        np.testing.assert_allclose(piece.derivative(t), spline(t, 1), atol=1e-12)


def test_rectilinear_holds_what_is_missing():
    gappy = np.array([[1.0, 2.0], [np.nan, 3.0], [5.0, np.nan]])
    first, second = pieces(nde.GrowingRectilinear(), TS[:3], gappy)
    np.testing.assert_allclose(first.ys, [[0.0, 1.0, 2.0], [0.4, 1.0, 2.0], [0.4, 1.0, 3.0]])
    np.testing.assert_allclose(second.ys, [[0.4, 1.0, 3.0], [1.0, 1.0, 3.0], [1.0, 5.0, 3.0]])
    np.testing.assert_allclose(second.ts, [2.0, 3.0, 4.0])


def test_rectilinear_wants_an_array():
    with pytest.raises(ValueError, match=r"got an observation of type float; expected an array `\(channels,\)`"):
        nde.GrowingRectilinear().init(0.0, 1.0)


def test_another_shape_is_refused():
    growing = nde.GrowingLinear()
    with pytest.raises(ValueError, match=r"Got an observation of shape \(5,\) after one of shape \(2,\)"):
        growing.grow(growing.init(0.0, jnp.ones(2)), 1.0, jnp.ones(5))
