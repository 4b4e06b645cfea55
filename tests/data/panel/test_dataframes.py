"""Panels from data frames whose series and times are in the index, from lists of them, and from other libraries."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import nde
from nde.data import DataError, as_panel

DAYS = pd.to_datetime(["2020-01-01", "2020-01-03", "2020-01-07", "2020-02-01"])


def long() -> pd.DataFrame:
    """Two series of three and one rows."""
    return pd.DataFrame({"who": ["a", "a", "a", "b"], "day": DAYS, "x": [1.0, np.nan, 3.0, 4.0], "y": [5, 6, 7, 8]})


def expected(**options) -> nde.TimeSeries:
    return nde.TimeSeries.from_frame(long(), "who", "day", **options)


def assert_same(panel: nde.TimeSeries, other: nde.TimeSeries) -> None:
    assert (panel.ids, panel.channels) == (other.ids, other.channels)
    np.testing.assert_array_equal(panel.ts, other.ts)
    np.testing.assert_array_equal(panel.ys, other.ys)
    np.testing.assert_array_equal(panel.clock.origins, other.clock.origins)


INDEXED = {
    "series and time": (long().set_index(["who", "day"]), {}),
    "time and series": (long().set_index(["day", "who"]), {}),
    "without names": (long().set_index(["who", "day"]).rename_axis([None, None]), {}),
    "levels by name": (long().set_index(["day", "who"]), {"series": "who", "time": "day"}),
    "time by name": (long().set_index(["day", "who"]), {"time": "day"}),
    "series in a column": (long().set_index("day"), {"series": "who"}),
    "time in a column": (long().set_index("who"), {"series": "who", "time": "day"}),
    "in any order": (long().set_index(["who", "day"]).iloc[[2, 0, 1, 3]], {}),
    "a list with both in columns": ([long().iloc[:3], long().iloc[3:]], {"series": "who", "time": "day"}),
}


@pytest.mark.parametrize(("frame", "names"), INDEXED.values(), ids=INDEXED)
def test_series_and_times_in_the_index(frame, names):
    assert_same(as_panel(frame, **names), expected())


def test_numbers_as_times_are_the_second_level():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index=pd.MultiIndex.from_tuples([(7, 0), (7, 4), (5, 1)]))
    panel = as_panel(frame)
    assert panel.ids == (7, 5)
    np.testing.assert_array_equal(panel.ts, [0, 4, 1])


def test_an_index_of_dates_is_one_series():
    table = long().iloc[:3].set_index("day")[["x", "y"]]
    for frame in (table, table.tz_localize("UTC"), table.to_period("D"), table.set_index(table.index - DAYS[0])):
        panel = as_panel(frame)
        assert (panel.ids, panel.channels) == ((0,), ("x", "y"))
        np.testing.assert_array_equal(panel.ts, [0, 2, 6])
    assert as_panel(table["x"]).channels == ("x",)
    np.testing.assert_array_equal(as_panel(table.reset_index(drop=True).rename_axis("step")).ts, [0, 1, 2])


def test_the_name_of_a_level_may_be_that_of_a_channel():
    frame = long().set_index(["who", "day"]).rename_axis(["x", "y"])
    assert_same(as_panel(frame), expected())


def test_static_features_and_targets_stand_beside_an_index():
    frame = long().assign(age=[30, 30, 30, 40], kind=["u", "u", "u", "v"]).set_index(["who", "day"])
    panel = as_panel(frame, static=["age"], target="kind")
    np.testing.assert_array_equal(panel.static[:, 0], [30, 40])
    assert panel.targets.tolist() == ["u", "v"]
    assert as_panel(frame[["x", "y", "age"]], static=["age"], target="kind").targets is None


LISTS = {
    "times as index": ([long().set_index("day")[["x", "y"]].iloc[rows] for rows in (slice(3), slice(3, 4))], None),
    "times in a column": ([long()[["day", "x", "y"]].iloc[rows] for rows in (slice(3), slice(3, 4))], "day"),
    "of Arrow": (
        [pa.Table.from_pandas(long()[["day", "x", "y"]].iloc[rows]) for rows in (slice(3), slice(3, 4))],
        "day",
    ),
}


@pytest.mark.parametrize(("frames", "time"), LISTS.values(), ids=LISTS)
def test_a_list_has_a_frame_for_each_series(frames, time):
    panel = as_panel(frames, time=time)
    assert panel.ids == (0, 1)
    np.testing.assert_array_equal(panel.ts, expected().ts)
    np.testing.assert_array_equal(panel.ys, expected().ys)


def test_a_list_of_frames_without_times_counts_rows():
    panel = as_panel([pd.DataFrame({"x": [1.0, 2.0]}), pd.DataFrame({"x": [3.0]})])
    np.testing.assert_array_equal(panel.ts, [0, 1, 0])


def test_frames_of_arrow():
    assert_same(as_panel(pa.Table.from_pandas(long()), series="who", time="day"), expected())


@pytest.mark.parametrize("lazy", [False, True])
def test_frames_of_polars(lazy: bool):
    polars = pytest.importorskip("polars")
    frame = polars.from_pandas(long())
    assert_same(as_panel(frame.lazy() if lazy else frame, series="who", time="day"), expected())
    assert_same(nde.TimeSeries.from_frame(frame, "who", "day"), expected())


@pytest.mark.parametrize("dims", [("site", "day"), ("day", "site")])
def test_datasets_of_xarray(dims: tuple[str, str]):
    """A dimension of dates and one of sites; a coordinate of each site, and a variable without times."""
    import xarray

    values = np.array([[1.0, np.nan, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
    place = dict(zip(("site", "day"), values.shape, strict=True))
    data = xarray.DataArray(values, coords={"site": ["a", "b"], "day": DAYS}, dims=("site", "day"), name="x")
    data = data.assign_coords(height=("site", [400.0, 300.0]), kind="station").transpose(*dims)
    frame = pd.DataFrame({"site": np.repeat(["a", "b"], place["day"]), "day": [*DAYS, *DAYS], "x": values.ravel()})
    assert_same(as_panel(data), nde.TimeSeries.from_frame(frame, "site", "day"))
    aged = data.to_dataset().assign(age=("site", [30.0, 40.0]))
    panel = nde.TimeSeries.from_frame(aged, static=["age"])
    assert_same(panel, as_panel(data))
    np.testing.assert_array_equal(panel.static[:, 0], [30, 40])
    one = as_panel(data.sel(site="b", drop=True).rename(None))
    assert (one.ids, one.channels) == ((0,), ("value",))
    np.testing.assert_array_equal(one.ys[:, 0], values[1])


def test_grids_of_xarray_have_a_series_for_each_point():
    import xarray

    values = np.arange(24.0).reshape(4, 2, 3)
    coords = {"lat": [47.5, 48.0], "lon": [8.0, 8.5, 9.0]}
    data = xarray.DataArray(values, coords=coords, dims=("time", "lat", "lon"), name="rain")
    panel = as_panel(data)
    assert panel.ids[:2] == ("lat=47.5, lon=8.0", "lat=47.5, lon=8.5")
    np.testing.assert_array_equal(panel[5].ys[:, 0], values[:, 1, 2])
    np.testing.assert_array_equal(panel[5].ts, [0, 1, 2, 3])
    with pytest.raises(DataError, match="DataArray of xarray with the dimensions lat, lon, t, of which none has dates"):
        as_panel(data.rename(time="t"))
    with pytest.raises(DataError, match="Dataset of xarray without dimensions"):
        as_panel(data.isel(time=0, lat=0, lon=0).to_dataset())


@pytest.mark.parametrize("options", [{}, {"since": "panel", "unit": "h"}], ids=["days", "hours"])
def test_a_panel_becomes_a_frame_and_again_a_panel(options):
    panel = expected(**options)
    frame = panel.to_frame()
    assert list(frame.index.names) == ["series", "time"]
    assert list(frame.loc[("b", pd.Timestamp("2020-02-01"))]) == [4.0, 8.0]
    assert_same(nde.TimeSeries.from_frame(frame, **options), panel)


def test_numbers_become_a_frame_and_again_a_panel():
    panel = nde.TimeSeries.from_arrays([[1.0, 2.0], [3.0]], [[0.5, 2.0], [-1.0]], ids=["b", "a"])
    assert_same(nde.TimeSeries.from_frame(panel.to_frame()), panel)


WIDE = pd.DataFrame(np.eye(3), columns=["2020-01-01", "2020-01-02", "2020-01-03"])
REFUSED = {
    "no times": (long()[["x"]], {}, "without the name of its time column: pass it as time="),
    "no times, many levels": (long().set_index(["who", "day", "y"]), {}, "without the name of its time column"),
    "a row for each series": (WIDE, {}, r"columns 2020-01-01, 2020-01-02, … look like times.*from_wide\(frame, 'rows'"),
    "a row of numbers": (pd.DataFrame(np.eye(3)), {}, r"columns 0, 1, … look like times"),
    "with other columns": (WIDE.assign(age=1, kind="a"), {}, "look like times"),
    "a column for each series": (
        long().pivot(index="day", columns="who", values=["x", "y"]),
        {},
        r"2 levels of columns.*from_wide\(frame, 'columns'\)",
    ),
    "no such column": (long(), {"series": "who", "time": "days"}, "no column 'days'. Did you mean 'day'"),
    "other columns": ([long(), long().rename(columns={"x": "z"})], {"time": "day"}, "number 1 has the columns"),
}


@pytest.mark.parametrize(("frame", "names", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(frame, names, message):
    with pytest.raises(DataError, match=message) as caught:
        as_panel(frame, **names)
    assert "\n" not in str(caught.value)


def test_frames_with_few_numbers_as_names_are_not_called_wide():
    with pytest.raises(DataError) as caught:
        as_panel(pd.DataFrame({"x": [1.0], "y": [2.0], "2020": [3.0]}))
    assert "look like" not in str(caught.value)


def test_an_array_is_no_frame():
    with pytest.raises(DataError, match="Got a ndarray; expected a data frame"):
        nde.TimeSeries.from_frame(np.eye(2), "a", "b")
