"""Observations taken away: how many, which, and by what they are chosen."""

import numpy as np
import pytest

import nde
from nde.data import DataError, drop_observations
from tests.data.panel.made import ragged


def full(series: int = 50, length: int = 10, channels: int = 2) -> nde.TimeSeries:
    """A panel of which each value says which series, row and channel it is of."""
    return nde.TimeSeries.from_arrays(
        np.arange(series * length * channels, dtype=float).reshape(series, length, channels)
    )


@pytest.mark.parametrize(("fraction", "gone"), [(0.0, 0), (0.3, 3), (0.5, 5), (0.7, 7), (0.99, 9), (0.05, 0)])
def test_so_many_rows_of_each_series_go(fraction: float, gone: int):
    panel = drop_observations(full(), fraction)
    np.testing.assert_array_equal(panel.lengths, np.full(50, 10 - gone))
    for place, series in enumerate(panel):
        np.testing.assert_array_equal(series.ys, full()[place].ys[series.ts.astype(int)])


def test_a_share_that_floats_round_down():
    assert drop_observations(full(1, 100), 0.29).lengths[0] == 71


def test_every_series_loses_rows_of_its_own_and_every_row_as_often():
    panel = drop_observations(full(2000, 10, 1), 0.3, seed=1)
    kept = panel.ts.reshape(2000, 7)
    assert len({tuple(row) for row in kept}) == 120  # of 10 rows 3 can go in so many ways
    shares = np.bincount(kept.astype(int).ravel()) / 2000
    np.testing.assert_allclose(shares, 0.7, atol=4 * np.sqrt(0.7 * 0.3 / 2000))


def test_what_goes_depends_on_the_seed_only():
    one, again, other = (drop_observations(full(), 0.5, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.ts, again.ts)
    assert (one.ts != other.ts).any()


@pytest.mark.parametrize("fraction", [0.3, 0.9])
def test_of_each_channel(fraction: float):
    panel = drop_observations(full(400), fraction, per_channel=True)
    np.testing.assert_array_equal(panel.ts, full(400).ts)
    kept = panel.observed.reshape(400, 10, 2)
    np.testing.assert_array_equal(kept.sum(axis=1), np.full((400, 2), round(10 * (1 - fraction))))
    assert (kept[..., 0] != kept[..., 1]).any(axis=1).mean() > 0.8
    np.testing.assert_array_equal(panel.ys[panel.observed], full(400).ys[panel.observed])
    np.testing.assert_allclose(kept.mean(axis=(0, 2)), 1 - fraction, atol=4 * np.sqrt(0.25 / 800))


@pytest.mark.parametrize("per_channel", [False, True])
def test_something_of_a_sparse_series_stays(per_channel: bool):
    ys = np.full((200, 8, 2), np.nan)
    ys[np.arange(200), np.arange(200) % 8, 0] = 1.0
    panel = drop_observations(nde.TimeSeries.from_arrays(ys), 0.8, per_channel=per_channel)
    assert panel.observed.sum() == 200
    np.testing.assert_array_equal(panel.lengths, np.full(200, 8 if per_channel else 2))


@pytest.mark.parametrize("per_channel", [False, True])
def test_gaps_stay_gaps(per_channel: bool):
    panel = ragged(series=40)
    dropped = drop_observations(panel, 0.5, per_channel=per_channel)
    for before, after in zip(panel, dropped, strict=True):
        rows = np.searchsorted(before.ts, after.ts)
        np.testing.assert_array_equal(before.ts[rows], after.ts)
        seen = ~np.isnan(after.ys)
        np.testing.assert_array_equal(after.ys[seen], before.ys[rows][seen])
        if not per_channel:
            np.testing.assert_array_equal(after.ys, before.ys[rows])


@pytest.mark.parametrize("fraction", [-0.1, 1.0, np.nan])
def test_no_share(fraction: float):
    with pytest.raises(DataError, match="fraction must be at least 0 and less than 1"):
        drop_observations(full(), fraction)


def test_a_negative_seed():
    with pytest.raises(DataError, match="seed must be non-negative; got -1"):
        drop_observations(full(), 0.5, seed=-1)
