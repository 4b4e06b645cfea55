"""Panels from arrays, indexing and concatenation."""

import dataclasses
import re

import numpy as np
import pytest

import nde
from nde.data import DataError
from tests.data.panel.made import ragged

NAN = np.nan


def small() -> nde.TimeSeries:
    values = [[[1.0, NAN], [2.0, 5.0], [NAN, 6.0]], [[3.0, 7.0]]]
    return nde.TimeSeries.from_arrays(
        values,
        [[0.0, 0.5, 2.0], [1.0]],
        ids=["a", "b"],
        channels=["x", "y"],
        static=[[30.0], [40.0]],
        static_names=["age"],
        targets=["ill", "well"],
    )


def test_rows_of_all_series_stand_one_after_the_other():
    panel = small()
    np.testing.assert_array_equal(panel.ts, [0, 0.5, 2, 1])
    np.testing.assert_array_equal(panel.ys, [[1, NAN], [2, 5], [NAN, 6], [3, 7]])
    np.testing.assert_array_equal(panel.lengths, [3, 1])
    np.testing.assert_array_equal(panel.starts, [0, 3])
    np.testing.assert_array_equal(panel.owners, [0, 0, 0, 1])
    np.testing.assert_array_equal(panel.observed, [[1, 0], [1, 1], [0, 1], [1, 1]])
    assert (panel.ids, panel.channels, panel.static_names) == (("a", "b"), ("x", "y"), ("age",))


def test_one_series_of_a_panel():
    record = small()[1]
    assert (record.id, record.target) == ("b", "well")
    np.testing.assert_array_equal(record.ts, [1.0])
    np.testing.assert_array_equal(record.ys, [[3.0, 7.0]])
    np.testing.assert_array_equal(record.static, [40.0])
    assert [each.id for each in small()] == ["a", "b"]
    assert small()[-1].id == "b"


def test_it_says_what_it_holds():
    assert repr(small()) == (
        "TimeSeries(2 series, lengths 1–2–3 (min–median–max), 2 channels (x, y), 25% missing, "
        "1 static feature (age), targets)"
    )


def test_times_are_counted_if_there_are_none():
    np.testing.assert_array_equal(nde.TimeSeries.from_arrays([[5.0, 6.0], [7.0]]).ts, [0, 1, 0])


def test_one_array_of_three_axes_and_times_for_all():
    values = np.arange(12.0).reshape(2, 3, 2)
    panel = nde.TimeSeries.from_arrays(values, np.array([0.0, 1.0, 5.0]))
    np.testing.assert_array_equal(panel.ts, [0, 1, 5, 0, 1, 5])
    np.testing.assert_array_equal(panel.ys, np.arange(12.0).reshape(6, 2))
    assert panel.channels == ("x0", "x1")


def test_dates_of_numpy():
    days = np.array(["2020-01-01", "2020-01-03"], "datetime64[D]")
    panel = nde.TimeSeries.from_arrays([[1.0, 2.0]], [days], unit="h")
    np.testing.assert_array_equal(panel.ts, [0, 48])


@pytest.mark.parametrize(
    ("which", "places"),
    [
        (slice(2, 5), [2, 3, 4]),
        (slice(None, None, -3), [6, 3, 0]),
        ([5, 0, 5], [5, 0, 5]),
        (np.array([False, True, False, False, True, False, False]), [1, 4]),
    ],
    ids=["slice", "backward", "places", "mask"],
)
def test_parts_hold_what_their_series_held(which, places):
    panel = ragged()
    part = panel[which]
    assert part.ids == tuple(places)
    for got, place in zip(part, places, strict=True):
        want = panel[place]
        np.testing.assert_array_equal(got.ts, want.ts)
        np.testing.assert_array_equal(got.ys, want.ys)
        np.testing.assert_array_equal(got.static, want.static)
        assert got.target == want.target


def test_series_by_their_names():
    assert small().subset(["b", "a"]).ids == ("b", "a")
    assert small()[[0, 1, 0]].subset(["a"]).ids == ("a", "a")
    with pytest.raises(DataError, match="no series 'c' among the 2"):
        small().subset(["c"])


@pytest.mark.parametrize("nothing", [[], slice(0), np.zeros(7, bool)], ids=["list", "slice", "mask"])
def test_a_part_without_series_is_refused(nothing):
    with pytest.raises(DataError, match="without series"):
        ragged()[nothing]


def test_concatenated_parts_are_the_panel():
    panel = ragged()
    whole = nde.TimeSeries.concatenate([panel[:3], panel[3:4], panel[4:]])
    for name in ("ts", "ys", "lengths", "static", "targets"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(panel, name))
    assert whole.ids == panel.ids


def test_panels_that_do_not_match():
    panel = small()
    with pytest.raises(DataError, match="have channels"):
        nde.TimeSeries.concatenate([panel, dataclasses.replace(panel, channels=("x", "z"))])
    with pytest.raises(DataError, match="some have targets"):
        nde.TimeSeries.concatenate([panel, dataclasses.replace(panel, targets=None)])
    with pytest.raises(DataError, match="count times in numbers"):
        nde.TimeSeries.concatenate([panel, dataclasses.replace(panel, clock=panel.clock.rescaled(0.0, 2.0))])
    with pytest.raises(DataError, match="no panels to concatenate"):
        nde.TimeSeries.concatenate([])


def test_it_is_immutable_and_independent_of_its_inputs():
    values = np.zeros((2, 3, 1))
    panel = nde.TimeSeries.from_arrays(values)
    values[:] = 1.0
    assert not panel.ys.any()
    with pytest.raises(ValueError, match="read-only"):
        panel.ys[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        panel.ys = values


REFUSED = {
    "no series": ([], None, {}, "without series"),
    "back in time": ([[1.0, 2.0, 3.0]], [[0.0, 2.0, 1.0]], {}, "Row 3 of series 0 goes back from 2"),
    "twice": ([[1.0], [1.0, 2.0]], [[0.0], [2.0, 2.0]], {}, "Row 2 of series 1 repeats the time 2"),
    "no time": ([[1.0, 2.0]], [[0.0, NAN]], {}, "1 times are missing"),
    "nothing seen": ([[1.0], [NAN, NAN]], None, {"ids": ["a", "b"]}, "'b' has no observation in its 2 rows"),
    "no rows": ([[1.0], []], None, {}, "Series 1 has no rows"),
    "infinite": ([[1.0], [1.0, np.inf]], None, {"channels": ["x"]}, "Row 2 of series 1 is infinite in channel 'x'"),
    "text": ([["a"]], None, {}, "number 0 has dtype <U1; expected real numbers"),
    "complex": ([[1j]], None, {}, "complex128; expected real numbers"),
    "ragged inside": ([[[1.0], [1.0, 2.0]]], None, {}, "number 0 is ragged"),
    "no axis": ([1.0, 2.0], None, {}, r"number 0 has shape \(\)"),
    "channels": ([np.zeros((3, 2)), np.zeros((3, 1))], None, {}, "number 1 has 1 channel and the first has 2"),
    "no channels": (np.zeros((2, 3, 0)), None, {}, "no channels"),
    "times of another length": ([[1.0, 2.0]], [[0.0]], {}, r"Series 0 has 2 rows, and times of shape \(1,\)"),
    "few times": ([[1.0], [2.0]], [[0.0]], {}, "Got 1 arrays of times for 2 series"),
    "text as times": ([[1.0]], [["noon"]], {}, "Times have dtype <U4"),
    "dates and numbers": (
        [[1.0], [2.0]],
        [[0.0], np.array(["2020-01-01"], "datetime64[D]")],
        {},
        r"dtypes datetime64\[D\], float64",
    ),
    "few ids": ([[1.0], [2.0]], None, {"ids": ["a"]}, "Got 1 ids for 2 series"),
    "few targets": ([[1.0], [2.0]], None, {"targets": [1]}, "Got 1 targets for 2 series"),
    "few features": ([[1.0], [2.0]], None, {"static": [[1.0]]}, "Got 1 rows of static features for 2 series"),
    "gap in features": ([[1.0]], None, {"static": [[NAN]]}, "Series 0 has no finite 'static0'"),
    "names": ([[1.0]], None, {"channels": ["x", "y"]}, "Got 2 names for 1 channel;"),
    "name twice": (np.zeros((1, 1, 2)), None, {"channels": ["x", "x"]}, "'x' stands for two columns"),
    "unit": ([[1.0]], None, {"unit": "month"}, "unit must be one of W, D, .* got 'month'"),
    "since": ([[1.0]], None, {"since": "yesterday"}, "since must be .* got 'yesterday'"),
}


@pytest.mark.parametrize(("values", "ts", "options", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(values, ts, options, message):
    with pytest.raises(DataError, match=message) as caught:
        nde.TimeSeries.from_arrays(values, ts, **options)
    assert not re.search("\n", str(caught.value))
