"""Panels from wide data frames: each must be what the long frame of the same cells gives."""

import numpy as np
import pandas as pd
import pytest

import nde
from nde.data import DataError

NAN = np.nan
DAYS = pd.date_range("2024-01-01", periods=4)
VALUES = np.array([[NAN, 1.0, NAN, 2.0], [3.0, 4.0, 5.0, NAN]])
"""The first series starts late and has a gap; the second ends early."""


def columns() -> pd.DataFrame:
    return pd.DataFrame(VALUES.T, index=DAYS, columns=["a", "b"])


def rows() -> pd.DataFrame:
    return pd.DataFrame(VALUES, index=["a", "b"], columns=DAYS)


def assert_expected(panel: nde.TimeSeries, ts=(0, 1, 2, 0, 1, 2), channel: str = "value") -> None:
    assert (panel.ids, panel.channels) == (("a", "b"), (channel,))
    np.testing.assert_array_equal(panel.lengths, [3, 3])
    np.testing.assert_array_equal(panel.ys[:, 0], [1, NAN, 2, 3, 4, 5])
    np.testing.assert_array_equal(panel.ts, ts)


FRAMES = {
    "columns": (columns(), "columns", {}),
    "columns in any order": (columns().iloc[[2, 0, 3, 1]], "columns", {}),
    "columns beside times": (columns().rename_axis("day").reset_index(), "columns", {"time": "day"}),
    "columns beside text": (
        columns().set_index(DAYS.strftime("%Y-%m-%d")).rename_axis("day").reset_index(),
        "columns",
        {"time": "day"},
    ),
    "periods": (columns().to_period("D"), "columns", {}),
    "rows": (rows(), "rows", {}),
    "rows with names as text": (rows().set_axis(DAYS.strftime("%Y-%m-%d"), axis=1), "rows", {}),
    "rows in any order": (rows().iloc[:, [2, 0, 3, 1]], "rows", {}),
    "rows beside ids": (rows().rename_axis("who").reset_index(), "rows", {"series": "who"}),
    "rows with gaps as objects": (rows().astype("Float64"), "rows", {}),
}


@pytest.mark.parametrize(("frame", "orient", "names"), FRAMES.values(), ids=FRAMES)
def test_dates(frame, orient, names):
    panel = nde.TimeSeries.from_wide(frame, orient, **names)
    assert_expected(panel)
    np.testing.assert_array_equal(panel.clock.origins, np.array(["2024-01-02", "2024-01-01"], "datetime64[D]"))


@pytest.mark.parametrize(
    ("names", "times"), [([0, 1.5, 2, 4], None), (["0", "1.5", "2", "4"], None), (list("wxyz"), [0, 1.5, 2, 4])]
)
def test_numbers(names, times):
    ts = [1.5, 2, 4, 0, 1.5, 2]
    assert_expected(nde.TimeSeries.from_wide(rows().set_axis(names, axis=1), "rows", times=times, channel="x"), ts, "x")
    panel = nde.TimeSeries.from_wide(columns().set_axis(names), "columns", times=times, channel="x")
    assert_expected(panel, ts, "x")


def test_static_features_and_targets_of_rows():
    frame = rows().set_axis([1, 2, 3, 4], axis=1).assign(age=[30, 40], kind=["u", "v"])
    panel = nde.TimeSeries.from_wide(frame, "rows", static=["age"], target="kind")
    assert_expected(panel, [2, 3, 4, 1, 2, 3])
    np.testing.assert_array_equal(panel.static, [[30], [40]])
    assert (panel.static_names, panel.targets.tolist()) == (("age",), ["u", "v"])


def test_two_levels_of_columns_are_channels_and_series():
    long = pd.DataFrame(
        {"day": DAYS[[0, 1, 1, 2]], "who": ["a", "a", "b", "b"], "x": [1.0, 2, 3, 4], "y": [5, 6, 7, 8.0]}
    )
    panel = nde.TimeSeries.from_frame(long, "who", "day")
    wide = nde.TimeSeries.from_wide(long.pivot(index="day", columns="who", values=["x", "y"]), "columns")
    assert (wide.ids, wide.channels) == (panel.ids, panel.channels)
    np.testing.assert_array_equal(wide.ys, panel.ys)
    np.testing.assert_array_equal(wide.ts, panel.ts)
    of_rows = nde.TimeSeries.from_wide(long.pivot(index="who", columns="day", values=["x", "y"]), "rows")
    np.testing.assert_array_equal(of_rows.ys, panel.ys)


def test_a_missing_pair_of_channel_and_series_is_missing():
    frame = pd.DataFrame([[1.0, 2.0, 3.0]], columns=pd.MultiIndex.from_tuples([("x", "a"), ("x", "b"), ("y", "b")]))
    panel = nde.TimeSeries.from_wide(frame, "columns")
    np.testing.assert_array_equal(panel.ys, [[1, NAN], [2, 3]])


def test_frames_of_polars():
    polars = pytest.importorskip("polars")
    frame = columns().rename_axis("day").reset_index()
    assert_expected(nde.TimeSeries.from_wide(polars.from_pandas(frame), "columns", time="day"))


REFUSED = {
    "orient": (rows(), "wide", {}, "orient must be 'columns' or 'rows'.*got 'wide'"),
    "names": (rows().set_axis(list("wxyz"), axis=1), "rows", {}, "labels w, x, y, … are not times.*Pass times="),
    "text among columns": (columns().assign(kind="a"), "columns", {}, "'kind' has dtype"),
    "no times": (rows(), "columns", {}, "labels a, b, … are not times"),
    "target of columns": (columns(), "columns", {"target": "b"}, "'b' as series, static feature or target, which a"),
    "time of rows": (rows(), "rows", {"time": "day"}, "'day' as time, which a frame with orient='rows' does not"),
    "no such column": (rows().assign(age=1), "rows", {"static": ["ages"]}, "no column 'ages'. Did you mean 'age'"),
    "no target": (rows().assign(kind=["u", None]), "rows", {"target": "kind"}, "'kind' is empty in row 2"),
    "a count of times": (rows(), "rows", {"times": [1, 2]}, r"times of shape \(2,\) for 4 labels"),
    "a time twice": (columns().iloc[[0, 1, 1, 2]], "columns", {}, "repeats the time"),
    "a column twice": (rows().iloc[:, [0, 1, 1]], "rows", {}, "several columns of one name"),
    "no value": (rows().where(np.array([[False] * 4, [True] * 4])), "rows", {}, "'a' has no observation"),
    "no cells": (rows().iloc[:0], "rows", {}, "without cells"),
    "no frame": (VALUES, "rows", {}, "Got a ndarray"),
}


@pytest.mark.parametrize(("frame", "orient", "names", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(frame, orient, names, message):
    with pytest.raises(DataError, match=message) as caught:
        nde.TimeSeries.from_wide(frame, orient, **names)
    assert "\n" not in str(caught.value)
