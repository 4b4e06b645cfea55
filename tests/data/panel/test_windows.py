"""Splitting of long series into windows."""

import numpy as np

import nde
from nde.data.panel.windows import window_starts, windows


def test_windows_cover_every_row_and_the_last_ends_with_the_series():
    np.testing.assert_array_equal(window_starts(25, 10, 10), [0, 10, 15])
    np.testing.assert_array_equal(window_starts(7, 10, 10), [0])
    pieces = windows(nde.TimeSeries.from_arrays([np.arange(25.0)]), 10, 2)
    assert pieces.lengths.max() == 10
    assert set(pieces.ys[:, 0]) == set(range(25))
    assert (pieces.ts[pieces.starts] == 0).all()


def test_a_window_without_an_observation_is_left_out():
    ys = np.where(np.arange(12) < 8, np.arange(12.0), np.nan)
    assert len(windows(nde.TimeSeries.from_arrays([ys]), 4, 4)) == 2
