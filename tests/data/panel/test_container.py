"""Panels from the containers of aeon and sktime: the same two series in each of them."""

import numpy as np
import pandas as pd
import pytest

import nde
from nde.data import DataError

LONG, SHORT = np.array([[1.0, 2.0, 3.0], [4.0, np.nan, 6.0]]), np.array([[7.0, 8.0], [9.0, 10.0]])
"""Two channels at three and two points, channels first."""
DAYS = pd.date_range("2020-01-01", periods=3, freq="D")


def frame(series: np.ndarray, index: pd.Index | None = None) -> pd.DataFrame:
    return pd.DataFrame(series.T, columns=["x", "y"], index=index)


def multiindex(index: pd.Index | None = None) -> pd.DataFrame:
    parts = [frame(LONG, index), frame(SHORT, None if index is None else index[:2])]
    return pd.concat(parts, keys=["first", "second"], names=["case", "timepoint"])


UNEQUAL = {
    "np-list": ([LONG, SHORT], (0, 1), ("x0", "x1")),
    "df-list": ([frame(LONG), frame(SHORT)], (0, 1), ("x", "y")),
    "df-list of days": ([frame(LONG, DAYS), frame(SHORT, DAYS[:2])], (0, 1), ("x", "y")),
    "df-list of periods": ([frame(LONG, DAYS.to_period("D")), frame(SHORT, DAYS[:2].to_period("D"))], (0, 1), None),
    "pd-multiindex": (multiindex(), ("first", "second"), ("x", "y")),
    "pd-multiindex of days": (multiindex(DAYS), ("first", "second"), ("x", "y")),
    "pd-multiindex without names": (multiindex().rename_axis([None, None]), ("first", "second"), ("x", "y")),
    "pd-multiindex with numbers as channels": (
        multiindex().set_axis([0, 1], axis="columns"),
        ("first", "second"),
        ("0", "1"),
    ),
    "pd-multiindex whose channel is called time": (
        multiindex().rename(columns={"x": "time"}),
        ("first", "second"),
        ("time", "y"),
    ),
}


@pytest.mark.parametrize(("x", "ids", "channels"), UNEQUAL.values(), ids=UNEQUAL)
def test_series_of_unequal_length(x, ids, channels):
    panel = nde.TimeSeries.from_panel(x, targets=["a", "b"])
    np.testing.assert_array_equal(panel.lengths, [3, 2])
    np.testing.assert_array_equal(panel.ts, [0, 1, 2, 0, 1])
    np.testing.assert_array_equal(panel.ys, np.concatenate([LONG.T, SHORT.T]))
    assert panel.ids == ids
    assert channels is None or panel.channels == channels
    assert panel.targets.tolist() == ["a", "b"]


EQUAL = {
    "numpy3D": (np.stack([LONG, LONG + 1]), np.concatenate([LONG.T, LONG.T + 1])),
    "numpy2D": (np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.arange(1.0, 7.0)[:, None]),
    "list of one channel": ([np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])], np.arange(1.0, 7.0)[:, None]),
}


@pytest.mark.parametrize(("x", "ys"), EQUAL.values(), ids=EQUAL)
def test_series_of_equal_length(x, ys):
    panel = nde.TimeSeries.from_panel(x)
    np.testing.assert_array_equal(panel.ys, ys)
    np.testing.assert_array_equal(panel.ts, [0, 1, 2, 0, 1, 2])


def test_the_times_of_an_index_are_kept():
    irregular = pd.Index([0.0, 0.5, 4.0])
    panel = nde.TimeSeries.from_panel([frame(LONG, irregular), frame(SHORT, irregular[1:])])
    np.testing.assert_array_equal(panel.ts, [0, 0.5, 4, 0.5, 4])
    panel = nde.TimeSeries.from_panel(multiindex(DAYS), unit="h")
    assert panel.clock.restore([36.0], series=1)[0] == np.datetime64("2020-01-02T12:00")


def test_a_panel_is_returned_unchanged():
    panel = nde.TimeSeries.from_panel([LONG, SHORT])
    assert nde.TimeSeries.from_panel(panel) is panel
    assert nde.TimeSeries.from_panel(panel, targets=[0, 1]).targets.tolist() == [0, 1]


REFUSED = {
    "a vector": (np.zeros(3), "of shape"),
    "text": ("data.csv", r"a str of shape \(\)"),
    "a long frame": (frame(LONG), "1 levels of row index; .*from_frame"),
    "aeon's df-list": ([pd.DataFrame(LONG), pd.DataFrame(SHORT)], "number 1 has the columns .*transpose each"),
    "channels of unequal number": ([LONG, SHORT[:1]], "number 1 has 1 channel"),
    "four axes": ([np.zeros((2, 2, 2))], r"a series of shape \(2, 2, 2\)"),
    "no series": ([], "without series"),
    "an empty frame": ([frame(LONG), frame(SHORT).iloc[:0]], "Series 1 has no rows"),
    "unsorted": ([frame(LONG, pd.Index([0, 2, 1]))], "Row 3 of series 0 goes back from 2"),
    "text in frames": ([frame(LONG).astype(str)], "'x' has dtype"),
    "days and numbers": ([frame(LONG, DAYS), frame(SHORT)], "Times of different series"),
}


@pytest.mark.parametrize(("x", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(x, message):
    with pytest.raises(DataError, match=message) as caught:
        nde.TimeSeries.from_panel(x)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("x", [multiindex(), [frame(LONG), frame(SHORT)], [LONG, SHORT]], ids=["multi", "df", "np"])
def test_a_target_for_each(x):
    with pytest.raises(DataError, match="Got 3 targets for 2 series"):
        nde.TimeSeries.from_panel(x, targets=[0, 1, 2])
