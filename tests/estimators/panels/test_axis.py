"""Times of series in their typical spacings."""

import datetime

import numpy as np
import pandas as pd
import pytest

from nde.data.panel import TimeSeries
from nde.estimators.panels.axis import axes_of

MONTHS = pd.date_range("2020-01-01", periods=12, freq="MS")


def axes(*dates: pd.DatetimeIndex):
    frame = pd.concat([pd.DataFrame({"who": who, "day": days, "x": 1.0}) for who, days in enumerate(dates)])
    panel = TimeSeries.from_frame(frame, series="who", time="day")
    return panel.clock, axes_of(panel)


@pytest.mark.parametrize("rows", [[4], [4, 5], [4, 7]])
def test_series_of_few_rows_go_on_as_the_others(rows):
    clock, (_, axis, _) = axes(MONTHS, MONTHS[rows], MONTHS[2:9])
    np.testing.assert_array_equal(axis.steps, np.subtract(rows, 4))
    after = pd.date_range(MONTHS[rows[-1]], periods=14, freq="MS")[1:]
    assert list(pd.DatetimeIndex(clock.restore(axis.after(13), 1))) == list(after)


def test_few_rows_beside_the_grid_have_their_own_spacing():
    days = pd.DatetimeIndex(["2020-01-07", "2020-01-17"])
    clock, (_, axis) = axes(MONTHS, days)
    assert list(pd.DatetimeIndex(clock.restore(axis.after(2), 1))) == list(
        pd.DatetimeIndex(["2020-01-27", "2020-02-06"])
    )


def test_no_series_may_tell():
    clock, (axis,) = axes(MONTHS[:2])
    assert clock.restore(axis.after(1), 0).tolist() == [datetime.datetime(2020, 3, 3)]
