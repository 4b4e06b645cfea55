"""What a path knows, and when.

A path is causal at the knots if on `[ts[0], ts[i]]` it depends on what was observed until `ts[i]` alone: a solve that
reaches `ts[i]` has used no later observation. Inside an interval it may use the observation at its end.
"""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.paths.interpolation.gaps import NAN, TIMES, gappy, times

CHANNELS = 6
INSIDE = np.linspace(0.0, 1.0, 5)


def linear(ts: np.ndarray, ys: np.ndarray) -> nde.AbstractInterpolation:
    return nde.LinearInterpolation(jnp.asarray(ts), nde.linear_interpolation(ts, ys))


def hermite(ts: np.ndarray, ys: np.ndarray) -> nde.AbstractInterpolation:
    return nde.CubicInterpolation(jnp.asarray(ts), nde.backward_hermite_coefficients(ts, ys))


def natural(ts: np.ndarray, ys: np.ndarray) -> nde.AbstractInterpolation:
    return nde.CubicInterpolation(jnp.asarray(ts), nde.natural_cubic_coefficients(ts, ys))


Path = Callable[[np.ndarray, np.ndarray], nde.AbstractInterpolation]


def until(path: nde.AbstractInterpolation, ts: np.ndarray, last: int) -> np.ndarray:
    """Values up to and at a knot, in all intervals before it."""
    at = (ts[:last, None] + np.diff(ts)[:last, None] * INSIDE).ravel()
    index = np.repeat(np.arange(last), len(INSIDE))
    return np.asarray(path.value_in(jnp.asarray(index), jnp.asarray(at), True))


def changed_after(ys: np.ndarray, last: int) -> np.ndarray:
    """Other data behind a knot: other values, and other gaps where there are any."""
    other = np.random.default_rng(9).permuted(ys, axis=0) + 1
    return np.where(np.arange(len(ys))[:, None] > last, other, ys)


@pytest.mark.parametrize("make", [linear, hermite])
@pytest.mark.parametrize("last", [1, TIMES - 2])
def test_without_gaps_a_path_is_causal_at_the_knots(x64, make: Path, last: int):
    ts, ys = times(), gappy(CHANNELS, share=0.0)[:, 4:]
    before, after = make(ts, ys), make(ts, changed_after(ys, last))
    np.testing.assert_array_equal(until(before, ts, last), until(after, ts, last))
    assert not np.array_equal(until(before, ts, last + 1), until(after, ts, last + 1))


@pytest.mark.parametrize("make", [linear, hermite])
def test_over_a_gap_a_path_looks_ahead(x64, make: Path):
    ts = np.arange(4.0)
    first, second = (make(ts, np.array([0.0, 0.0, NAN, end])) for end in (1.0, 2.0))
    np.testing.assert_array_equal(until(first, ts, 1), until(second, ts, 1))
    assert abs(first.evaluate(1.5) - second.evaluate(1.5)) > 0.05


def test_a_piece_of_the_hermite_spline_has_no_part_of_what_is_more_than_one_observation_back(x64):
    ts, ys = times(), gappy(CHANNELS, share=0.0)[:, 4:]
    other = ys.copy()
    other[:4] += 1
    first, second = (nde.backward_hermite_coefficients(ts, y) for y in (ys, other))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a[5:], b[5:])
        assert not np.array_equal(a[2:5], b[2:5])


@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize("last", [0, 6, TIMES - 2])
def test_the_rectilinear_path_is_causal_at_all_times(x64, share: float, last: int):
    ts, ys = times(), gappy(CHANNELS, share)
    (knots, before), (_, after) = (nde.rectilinear_interpolation(ts, y) for y in (ys, changed_after(ys, last)))
    held = np.flatnonzero(np.asarray(knots) < ts[last + 1])
    np.testing.assert_array_equal(before[: len(held) + 1], after[: len(held) + 1])
    assert not np.array_equal(before[: len(held) + 2], after[: len(held) + 2], equal_nan=True)


def test_a_natural_spline_is_never_causal(x64):
    ts = np.arange(6.0)
    first, second = (natural(ts, np.array([0.0, 1.0, 0.0, 1.0, 0.0, end])) for end in (0.0, 1.0))
    gaps = np.abs(until(first, ts, 1) - until(second, ts, 1))
    assert gaps.max() > 1e-4
