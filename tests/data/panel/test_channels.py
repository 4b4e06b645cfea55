"""Channels of time, masks and counts, against those written by hand and counted row by row."""

import numpy as np
import pytest

import nde
from nde.data import DataError, with_intensities, with_masks, with_time
from tests.data.panel.made import ragged

NAN = np.nan


def small() -> nde.TimeSeries:
    values = [[[1.0, NAN], [2.0, 5.0], [NAN, 6.0]], [[3.0, 7.0], [NAN, 8.0]]]
    return nde.TimeSeries.from_arrays(values, [[0.0, 0.5, 2.0], [1.0, 1.5]], channels=["x", "y"])


def test_time_stands_before_the_channels():
    panel = with_time(small())
    assert panel.channels == ("time", "x", "y")
    np.testing.assert_array_equal(panel.ys, [[0, 1, NAN], [0.5, 2, 5], [2, NAN, 6], [1, 3, 7], [1.5, NAN, 8]])


def test_counts_by_hand():
    panel = with_intensities(small())
    assert panel.channels == ("x", "y", "x count", "y count")
    np.testing.assert_array_equal(panel.ys[:, :2], small().ys)
    np.testing.assert_array_equal(panel.ys[:, 2:], [[1, 0], [2, 1], [2, 2], [1, 1], [1, 2]])


def test_counts_row_by_row():
    panel = ragged(series=20, channels=3)
    counts = []
    for series in panel:
        so_far = np.zeros(3)
        for row in series.ys:
            so_far = so_far + ~np.isnan(row)
            counts.append(so_far)
    np.testing.assert_array_equal(with_intensities(panel).ys[:, 3:], counts)


def test_masks_by_hand():
    panel = with_masks(small())
    assert panel.channels == ("x", "y", "x observed", "y observed")
    np.testing.assert_array_equal(panel.ys[:, 2:], [[1, 0], [1, 1], [0, 1], [1, 1], [0, 1]])


@pytest.mark.parametrize("add", [with_masks, with_intensities])
def test_of_some_channels(add):
    np.testing.assert_array_equal(add(small(), ["y"]).ys, np.delete(add(small()).ys, 2, axis=1))
    with pytest.raises(DataError, match="no channel 'z'"):
        add(small(), ["z"])


def test_they_go_one_after_the_other():
    panel = with_time(with_intensities(small()))
    assert panel.channels == ("time", "x", "y", "x count", "y count")
    with pytest.raises(DataError, match="'time' stands for two columns"):
        with_time(panel)
    assert with_time(panel, "clock").channels[0] == "clock"


def test_parts_are_prepared_as_the_whole_is():
    panel = ragged()
    whole, part = with_time(with_intensities(panel)), with_time(with_intensities(panel[3:5]))
    np.testing.assert_array_equal(part.ys, whole[3:5].ys)
