"""Moments of parts, merged, are those of the whole."""

import jax.numpy as jnp
import numpy as np
import pytest

from nde._ensemble.moments import Frame, Moments, PartialMoments, moments_of


def merged(rows: np.ndarray, counted: np.ndarray, cuts: list[int]) -> Moments:
    """Of the rows that count, in parts."""
    frame = Frame.of(rows[counted][:256])
    moments = Moments.none(rows.shape[1])
    for part in np.split(np.arange(len(rows)), cuts):
        some = jnp.asarray(rows[part])
        found = PartialMoments.of(some, frame.deviations(some), jnp.asarray(counted[part]))
        lone = PartialMoments(*(jnp.asarray(x)[None] for x in vars(found).values()))
        for of_device in moments_of(lone, frame):
            moments = moments.merge(of_device)
    return moments


@pytest.mark.parametrize("cuts", [[], [1], [100, 101, 7000], list(range(997, 30_000, 997))])
@pytest.mark.parametrize("centre", [0.0, 100.0])
def test_parts_of_any_size(cuts: list[int], centre: float) -> None:
    random = np.random.default_rng(0)
    rows = (centre + random.normal(size=(30_000, 3)) * [1.0, 0.1, 1e-12]).astype(np.float32)
    counted = random.random(30_000) < 0.8
    rows[~counted] = np.nan
    found, known = merged(rows, counted, cuts), rows[counted].astype(float)
    assert found.count == len(known)
    spread = known.std(axis=0) + 1e-30
    np.testing.assert_allclose((found.mean - known.mean(axis=0)) / spread, 0, atol=2e-6)
    np.testing.assert_allclose(found.variance, known.var(axis=0, ddof=1), rtol=1e-5)
    np.testing.assert_array_equal(found.minimum, known.min(axis=0))
    np.testing.assert_array_equal(found.maximum, known.max(axis=0))


def test_many_paths_lose_no_digits() -> None:
    """The merge of as many chunks as there may ever be, beside the law of what is merged."""
    chunk = Moments(2**18, np.asarray([3.0]), np.asarray([2.0**18]), np.asarray([0.0]), np.asarray([9.0]))
    moments = Moments.none(1)
    for _ in range(2**13 - 1):
        moments = moments.merge(chunk)
    assert moments.count == 2**31 - 2**18
    np.testing.assert_allclose(moments.mean, 3.0, rtol=1e-12)
    np.testing.assert_allclose(moments.variance, 1.0, rtol=1e-9)


def test_of_one_row_there_is_no_variance() -> None:
    found = merged(np.ones((1, 2), np.float32), np.ones(1, bool), [])
    assert found.count == 1
    assert np.isnan(found.variance).all()
