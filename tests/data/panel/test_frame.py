"""Panels from long data frames."""

import numpy as np
import pandas as pd
import pytest

import nde
from nde.data import DataError

NAN = np.nan


def numeric() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "who": ["b", "a", "b", "a", "b"],
            "t": [3.0, 0.5, 0.0, 0.0, 1.0],
            "x": [4.0, NAN, 1.0, 2.0, 3.0],
            "n": pd.array([5, 4, 1, None, 3], dtype="Int64"),
            "age": [7, 8, 7, 8, 7],
            "kind": ["u", "v", "u", "v", "u"],
        }
    )


def dated(**options) -> nde.TimeSeries:
    days = ["2020-03-01 12:00", "2020-01-02", "2020-01-01", "2020-02-29"]
    frame = pd.DataFrame({"who": ["b", "a", "a", "b"], "day": pd.to_datetime(days, format="mixed"), "x": 1.0})
    return nde.TimeSeries.from_frame(frame, "who", "day", **options)


def test_rows_in_any_order():
    panel = nde.TimeSeries.from_frame(numeric(), series="who", time="t", static=["age"], target="kind")
    assert (panel.ids, panel.channels, panel.static_names) == (("b", "a"), ("x", "n"), ("age",))
    np.testing.assert_array_equal(panel.ts, [0, 1, 3, 0, 0.5])
    np.testing.assert_array_equal(panel.ys, [[1, 1], [3, 3], [4, 5], [2, NAN], [NAN, 4]])
    np.testing.assert_array_equal(panel.static, [[7], [8]])
    assert panel.targets.tolist() == ["u", "v"]
    np.testing.assert_array_equal(panel.clock.restore(panel[0].ts, series=0), panel[0].ts)


def test_channels_by_name():
    panel = nde.TimeSeries.from_frame(numeric(), "who", "t", ["n"])
    assert panel.channels == ("n",)
    assert panel.targets is None
    assert panel.static.shape == (2, 0)


def test_a_frame_of_one_series():
    panel = nde.TimeSeries.from_frame(numeric()[["t", "x"]].iloc[[0, 2, 4]], None, "t")
    assert panel.ids == (0,)
    np.testing.assert_array_equal(panel.ys[:, 0], [1, 3, 4])


def test_the_order_and_index_of_rows_do_not_matter():
    frame = numeric().set_index("kind")
    one = nde.TimeSeries.from_frame(frame, "who", "t")
    other = nde.TimeSeries.from_frame(frame.iloc[[2, 3, 0, 1, 4]], "who", "t")
    np.testing.assert_array_equal(one.ys, other.ys)
    np.testing.assert_array_equal(one.ts, other.ts)


@pytest.mark.parametrize(
    ("options", "ts"),
    [
        ({}, [0, 1.5, 0, 1]),
        ({"unit": "h"}, [0, 36, 0, 24]),
        ({"since": "panel"}, [59, 60.5, 0, 1]),
        ({"since": pd.Timestamp("2019-12-31")}, [60, 61.5, 1, 2]),
        ({"since": "2020-01-02", "unit": "W"}, [58 / 7, 59.5 / 7, -1 / 7, 0]),
    ],
    ids=["series", "hours", "panel", "timestamp", "text"],
)
def test_dates_become_numbers(options, ts):
    np.testing.assert_allclose(dated(**options).ts, ts, rtol=1e-15)


@pytest.mark.parametrize("since", ["series", "panel", "1970-01-01"])
@pytest.mark.parametrize("unit", ["D", "s"])
def test_numbers_become_dates_again(since: str, unit: str):
    panel = dated(since=since, unit=unit)
    days = np.array(["2020-02-29T00:00", "2020-03-01T12:00"], "datetime64[us]")
    np.testing.assert_array_equal(panel.clock.restore(panel[0].ts, series=0), days)
    later = panel.clock.restore(panel[1:][0].ts[-1:] + np.timedelta64(2, "D") / np.timedelta64(1, unit), series=1)
    np.testing.assert_array_equal(later, np.array(["2020-01-04"], "datetime64[us]"))
    np.testing.assert_array_equal(panel[[1, 0]].clock.restore(panel[0].ts, series=1), days)


def test_microseconds_of_decades_come_back():
    random = np.random.default_rng(0)
    micro = np.unique(random.integers(0, 30 * 365 * 86_400 * 10**6, 200))
    days = pd.Timestamp("1990-01-01") + pd.to_timedelta(micro, unit="us")
    panel = nde.TimeSeries.from_frame(pd.DataFrame({"day": days, "x": 1.0}), None, "day")
    np.testing.assert_array_equal(panel.clock.restore(panel.ts, series=0), days.to_numpy())


def test_dates_are_rounded_to_microseconds_with_the_nanoseconds_of_the_origin():
    days = pd.to_datetime(["2021-03-01 07:13:11.123456789", "2021-03-02"], format="ISO8601")
    panel = nde.TimeSeries.from_frame(pd.DataFrame({"day": days, "x": 1.0}), None, "day")
    restored = panel.clock.restore(panel.ts, series=0).astype("datetime64[us]")
    expected = np.array(["2021-03-01T07:13:11.123457", "2021-03-02"], "datetime64[us]")
    np.testing.assert_array_equal(restored, expected)


def test_time_zones_are_taken_in_utc():
    days = pd.to_datetime(["2020-03-29 00:30", "2020-03-29 03:30"]).tz_localize("Europe/Berlin")
    panel = nde.TimeSeries.from_frame(pd.DataFrame({"day": days, "x": 1.0}), None, "day", unit="h")
    np.testing.assert_array_equal(panel.ts, [0, 2])  # the clock went forward in between
    assert panel.clock.restore([0.0], series=0)[0] == np.datetime64("2020-03-28T23:30")


def test_durations_and_periods():
    frame = pd.DataFrame({"t": pd.to_timedelta([1, 3], unit="h"), "x": 1.0})
    panel = nde.TimeSeries.from_frame(frame, None, "t", unit="min")
    np.testing.assert_array_equal(panel.ts, [60, 180])
    assert panel.clock.restore([90.0], series=0)[0] == np.timedelta64(90, "m")
    frame = pd.DataFrame({"t": pd.period_range("2020-01", periods=3, freq="M"), "x": 1.0})
    np.testing.assert_array_equal(nde.TimeSeries.from_frame(frame, None, "t").ts, [0, 31, 60])


def test_numbers_since_the_start_of_each_series():
    frame = pd.DataFrame({"who": ["a", "a", "b"], "t": [10, 12, 5], "x": 1.0})
    panel = nde.TimeSeries.from_frame(frame, "who", "t", since="series")
    np.testing.assert_array_equal(panel.ts, [0, 2, 0])
    np.testing.assert_array_equal(panel.clock.restore([1.0], series=1), [6.0])


def changed(**cells) -> pd.DataFrame:
    frame = numeric().astype({"who": object, "kind": object})
    for name, value in cells.items():
        frame.loc[4, name] = value
    return frame


REFUSED = {
    "no series column": (numeric(), {"series": "whom"}, "no column 'whom'. Did you mean 'who'"),
    "no channel": (numeric(), {"channels": ["z"]}, "no column 'z'"),
    "text as channel": (numeric(), {"channels": ["x", "kind"]}, "Column 'kind' has dtype .*expected numbers"),
    "complex": (numeric().assign(x=1j), {}, "'x' has dtype complex128"),
    "text as time": (numeric().astype({"t": str}), {}, "'t' has dtype .*to_datetime"),
    "no time": (changed(t=NAN), {}, "'t' is empty in row 5"),
    "infinite time": (changed(t=np.inf), {}, "1 times are missing or infinite"),
    "time twice": (changed(t=3.0), {}, "Row 3 of series 'b' repeats the time 3"),
    "no series": (changed(who=None), {}, "'who' is empty in row 5"),
    "nothing seen": (numeric().assign(x=[1.0, NAN, 1.0, NAN, 1.0]), {"channels": ["x"]}, "'a' has no observation"),
    "infinite": (changed(x=np.inf), {}, "Row 2 of series 'b' is infinite in channel 'x'"),
    "feature changes": (changed(age=9), {"static": ["age"]}, "'age' changes or is empty in series 'b'"),
    "feature empty": (numeric().assign(age=NAN), {"static": ["age"]}, "'age' changes or is empty in series 'b'"),
    "target changes": (changed(kind="v"), {"target": "kind"}, "'kind' changes or is empty in series 'b'"),
    "target empty": (changed(kind=None), {"target": "kind"}, "'kind' is empty in row 5"),
    "time as channel": (numeric(), {"channels": ["x", "t"]}, "'t' is named twice"),
    "no rows": (numeric().iloc[:0], {}, "without rows"),
    "no channels": (numeric()[["who", "t"]], {"channels": None}, "no channels"),
    "columns twice": (pd.concat([numeric(), numeric()[["x"]]], axis=1), {}, "2 columns 'x'"),
    "since": (numeric(), {"since": "noon"}, "since must be .* got 'noon'"),
}


@pytest.mark.parametrize(("frame", "options", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(frame, options, message):
    with pytest.raises(DataError, match=message) as caught:
        nde.TimeSeries.from_frame(frame, **{"series": "who", "time": "t", "channels": ["x", "n"], **options})
    assert "\n" not in str(caught.value)
