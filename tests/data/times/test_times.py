"""Times as people write them."""

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nde
from nde.data import DataError, ReadOptions, Zone, read_csv, read_indexed, read_panel
from nde.data.times.dates import parse_date
from nde.data.times.durations import duration_text, parse_durations
from nde.data.times.text import time_text
from nde.data.times.time_column import times_of_cells


def times(*cells: object, **options):
    return times_of_cells(pd.Series(list(cells), dtype=object), "when", ReadOptions(**options))


DATES = {
    "day first with points": (("30.03.2024", "31.3.2024 18:30"), {}, ("2024-03-30", "2024-03-31T18:30")),
    "points are day first": (("03.04.2024", "04.04.2024"), {}, ("2024-04-03", "2024-04-04")),
    "day first": (("30/03/2024", "1/4/2024"), {}, ("2024-03-30", "2024-04-01")),
    "month first": (("03/30/2024 1:05 PM", "03/31/2024 12:00 AM"), {}, ("2024-03-30T13:05", "2024-03-31")),
    "an order that is given": (("03/04/2024", "04/04/2024"), {"date_format": "mdy"}, ("2024-03-04", "2024-04-04")),
    "a format": (("03/04/2024", "04/04/2024"), {"date_format": "%d/%m/%Y"}, ("2024-04-03", "2024-04-04")),
    "two digits of a year": (("30-03-98", "31-03-24"), {}, ("1998-03-30", "2024-03-31")),
    "month and day": (("Jan 1 2000", "January 2, 2000"), {}, ("2000-01-01", "2000-01-02")),
    "day and month": (("1 January 2000", "2-Jan-2000", "03-JAN-00"), {}, ("2000-01-01", "2000-01-02", "2000-01-03")),
    "ordinals and weekdays": (("Sat, 1st Jan 2000", "Sun 2nd Jan 2000"), {}, ("2000-01-01", "2000-01-02")),
    "as C writes them": (("Sat Jan  1 12:00:00 2000",), {}, ("2000-01-01T12:00",)),
    "quarters": (("2024Q1", "2024-Q2", "Q3 2024"), {}, ("2024-01-01", "2024-04-01", "2024-07-01")),
    "months": (("2024-03", "2024-04"), {}, ("2024-03-01", "2024-04-01")),
    "names of months": (("Mar 2024", "April 2024", "May-24"), {}, ("2024-03-01", "2024-04-01", "2024-05-01")),
    "year and name": (("2024 Mar", "2024 Apr"), {}, ("2024-03-01", "2024-04-01")),
    "months with slashes": (("03/2024", "04/2024"), {}, ("2024-03-01", "2024-04-01")),
    "weeks": (("2024-W05", "2024W06", "2024-W06-2"), {}, ("2024-01-29", "2024-02-05", "2024-02-06")),
    "whole numbers": (("20240330", "20240331"), {}, ("2024-03-30", "2024-03-31")),
    "whole numbers with a time": (("202403301830",), {}, ("2024-03-30T18:30",)),
    "whole numbers with an hour": (("2024033018", "2024033019"), {}, ("2024-03-30T18", "2024-03-30T19")),
    "days of the year": (("2023365", "2024001", "2024366"), {}, ("2023-12-31", "2024-01-01", "2024-12-31")),
    "months as whole numbers": (("202403", "202404"), {}, ("2024-03-01", "2024-04-01")),
    "ISO": (("2024-03-30T18:30:05.25", "2024/03/31 9:00"), {}, ("2024-03-30T18:30:05.25", "2024-03-31T09:00")),
    "ISO without marks": (("20240330T183005", "20240331T0900"), {}, ("2024-03-30T18:30:05", "2024-03-31T09:00")),
    "midnight of the day before": (("2024-03-30 24:00",), {}, ("2024-03-31",)),
    "UTC": (("2024-03-30 18:30 UTC", "2024-03-30T19:30Z"), {}, ("2024-03-30T18:30", "2024-03-30T19:30")),
}


@pytest.mark.parametrize(("cells", "options", "expected"), DATES.values(), ids=DATES)
def test_dates(cells: tuple[str, ...], options: dict, expected: tuple[str, ...]):
    found = times(*cells, **options)
    np.testing.assert_array_equal(found.values, np.array(expected, "datetime64[us]"))
    iso = cells[0].startswith("2024-0") or cells[0].startswith("2024/") or "%" in options.get("date_format", "")
    assert bool(found.notes) != iso


def test_what_was_read_is_said():
    assert times("30/03/2024").notes == ("Time column 'when': '30/03/2024' was read as 2024-03-30 (day, month, year).",)
    assert "to keep numbers, give --date-format number" in times("20240330").notes[0]
    np.testing.assert_array_equal(times("20240330", "20240331", date_format="number").values, [20240330, 20240331])


NUMBERS = {
    "years": ("1900", "1901"),
    "no month of this number": ("20240330", "20241330"),
    "unix seconds": ("1700000000", "1700000060"),
    "different lengths": ("20240330", "202403"),
    "fractions": ("20240330.5", "20240331.5"),
    "before there were such dates": ("10240330", "10240331"),
}


@pytest.mark.parametrize("cells", NUMBERS.values(), ids=NUMBERS)
def test_numbers_that_are_no_dates(cells: tuple[str, ...]):
    np.testing.assert_array_equal(times(*cells).values, [float(cell) for cell in cells])


REFUSED = {
    "ambiguous": (
        ("03/04/2024", "04/04/2024"),
        {},
        "may be 2024-04-03 (--date-format dmy) or 2024-03-04 (",
    ),
    "contradictory": (("13/04/2024", "04/14/2024"), {}, "day and month in different orders"),
    "short years": (("01/02/03",), {}, "(--date-format ymd)"),
    "short years, perhaps first": (
        ("24-01-30", "24-02-13"),
        {},
        "may be 2030-01-24 (--date-format dmy) or 2024-01-30 (--date-format ymd)",
    ),
    "no such day": (("2024-02-30",), {}, "'2024-02-30' in row 1"),
    "no such month": (("2024-03-30", "1 Foo 2024"), {}, "'1 Foo 2024' in row 2"),
    "not the format": (("2024-03-30",), {"date_format": "%d.%m.%Y"}, "does not have the format '%d.%m.%Y'"),
    "numbers and dates": (("5", "2024-03-30"), {}, "'2024-03-30' in row 2; expected numbers in all rows"),
    "a gap": (("5", "?"), {}, "is empty in row 2"),
    "infinite": (("5", "inf"), {}, "is infinite in row 2"),
    "no number": (("2024-03-30",), {"date_format": "number"}, "'2024-03-30' in row 1"),
}


@pytest.mark.parametrize(("cells", "options", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(cells: tuple[str, ...], options: dict, message: str):
    with pytest.raises(DataError) as raised:
        times(*cells, **options)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_year_is_rather_what_stays():
    found = times("30-01-24", "31-01-24")
    np.testing.assert_array_equal(found.values, np.array(["2024-01-30", "2024-01-31"], "datetime64[us]"))
    assert "day, month, year" in found.notes[0]


def test_dates_without_an_offset_among_others_are_reported():
    found = times("2024-01-01T00:00+02:00", "2024-01-02T00:00")
    np.testing.assert_array_equal(found.values, np.array(["2023-12-31T22", "2024-01-02"], "datetime64[us]"))
    assert "1 row without one, such as '2024-01-02T00:00': they were taken for times in UTC" in found.notes[-1]
    assert not times("2024-01-01T00:00+02:00", "2024-01-02T00:00+01:00").notes


def test_dates_without_an_offset_among_others_are_in_the_time_zone_that_is_named():
    cells = ("2024-03-30T12:00:00Z", "2024-03-30T14:00:00", "2024-03-31T14:00:00", "2024-03-31T16:00:00+03:00")
    found = times(*cells, timezone="Europe/Berlin")
    expected = ["2024-03-30T12", "2024-03-30T13", "2024-03-31T12", "2024-03-31T13"]
    np.testing.assert_array_equal(found.values, np.array(expected, "datetime64[us]"))
    assert found.zone == Zone("Europe/Berlin")
    assert (
        "2 rows without one, such as '2024-03-30T14:00:00': they were taken for times in Europe/Berlin."
        in (found.notes[-1])
    )
    with pytest.raises(DataError, match="does not exist in Europe/Berlin"):
        times("2024-03-30T12:00:00Z", "2024-03-31T02:30:00", timezone="Europe/Berlin")


START = 1_700_000_000_123_456_789


def test_nanoseconds_since_1970_are_dates():
    found = times(f"{START}", f"{START + 1}", START + 1000)
    assert found.values.dtype == "datetime64[ns]"
    assert (np.diff(found.values) / np.timedelta64(1, "ns")).tolist() == [1, 999]
    assert found.zone == Zone("UTC")
    assert "nanoseconds since 1970, 2023-11-14 22:13:20.123456 in UTC; to keep numbers" in found.notes[0]
    assert times(f"{START}", timezone="Europe/Berlin").zone == Zone("Europe/Berlin")


def test_numbers_with_too_many_digits_are_said():
    found = times(f"{START}", f"{START + 1000}", date_format="number")
    assert found.notes == (f"Time column 'when' has numbers such as {START}, with more digits than are kept: rounded.",)
    assert not times("9007199254740992", "12345678901234567.5", "1e18").notes
    assert not times(f"{2**60}", date_format="number").notes


def test_rows_of_nanoseconds_keep_their_distances(tmp_path: Path):
    path = tmp_path / "data.csv"
    path.write_text("\n".join(["t,x", *(f"{START + 3000 * row},{row}" for row in range(6))]), encoding="utf-8")
    table = read_csv(path, "t", ["x"])
    np.testing.assert_array_equal(table.ts, 3.0 * np.arange(6))
    panel = read_panel(path, None, "t").panel
    np.testing.assert_allclose(panel.ts * 86_400e6, 3.0 * np.arange(6), atol=1e-9)


def test_whole_numbers_of_python_are_not_rounded_silently():
    ts = START + 1000 * np.arange(3)
    for numbers in (pd.Series(ts), pd.Series(ts, dtype="Int64")):
        frame = pd.DataFrame({"t": numbers, "x": [1.0, 2.0, 3.0]})
        with pytest.raises(DataError, match=f"Times such as {START} have more digits than a double; convert"):
            nde.TimeSeries.from_frame(frame, time="t")
        panel = nde.TimeSeries.from_frame(frame.assign(t=pd.to_datetime(numbers)), time="t", unit="us")
        np.testing.assert_array_equal(panel.ts, [0, 1, 2])
    microseconds = [1_700_000_000_000_000, 1_700_000_000_000_001, 1_700_000_000_000_002]
    panel = nde.TimeSeries.from_frame(frame.assign(t=pd.array(microseconds, "Int64")), time="t")
    assert [time_text(time) for time in panel.clock.restore(panel.ts, 0)] == [str(time) for time in microseconds]


def test_numbers_that_may_be_dates_are_remarked():
    found = times("240131", "240201")
    assert found.values.tolist() == [240131, 240201]
    assert "if they are dates, give --date-format %y%m%d" in found.notes[0]
    np.testing.assert_array_equal(
        times("240131", "240201", date_format="%y%m%d").values, np.array(["2024-01-31", "2024-02-01"], "datetime64[us]")
    )
    assert "give --date-format %Y.%m" in times("2023.12", "2024.01").notes[0]
    assert not times("2023.12", "2024.01", date_format="number").notes
    assert not times("240131", "240132").notes
    assert not times("2023.13", "2023.50").notes


def hours(found) -> list[float]:
    return (found.values / np.timedelta64(1, "h")).tolist()


def test_times_of_day_pass_midnight():
    found = times("22:00", "23:30", "00:15", "09:00", "00:00")
    assert hours(times("22:00", "23:30", "00:15", "09:00")) == [22, 23.5, 24.25, 33]
    assert hours(found) == [22, 23.5, 0.25, 9, 0]  # 09:00 to 00:00 is no more than half a day: they are not in order
    assert "passes midnight 1 time:" in times("22:00", "00:15").notes[-1]
    assert hours(times("36:00", "01:00")) == [36, 1]  # no times of day
    owners = np.array([1, 0, 1, 0, 0])
    cells = pd.Series(["22:00", "23:00", "00:10", "01:00", "02:00"], dtype=object)
    assert hours(times_of_cells(cells, "when", owners=owners)) == [22, 23, 24 + 1 / 6, 25, 26]


def test_durations():
    found = times("00:01:48", "36:00", "2 days 00:00:00.5", "-00:00:01")
    seconds = found.values / np.timedelta64(1, "s")
    np.testing.assert_allclose(seconds, [108, 36 * 3600, 2 * 86400 + 0.5, -1])
    assert "hours and minutes" in found.notes[0]
    numbers = found.in_seconds("when")
    np.testing.assert_allclose(numbers.values, seconds)
    assert "counted in seconds" in numbers.notes[-1]
    assert parse_durations({"00:01:48", "noon"}) is None
    assert duration_text(np.timedelta64(-1500, "ms")) == "-00:00:01.5"


def test_a_series_of_durations_keeps_them(tmp_path: Path):
    path = tmp_path / "runs.csv"
    path.write_text("who,at,x\na,00:01:48,1\na,00:02:48,2\n", encoding="utf-8")
    panel = read_panel(path, "who", "at").panel
    np.testing.assert_allclose(panel.ts * 86400, [108, 168])
    assert duration_text(panel.clock.restore(panel.ts[1:], 0)[0]) == "00:02:48"


def test_offsets_are_kept():
    found = times("2024-03-30T12:00:00+01:00", "2024-03-31T12:00:00+02:00")
    np.testing.assert_array_equal(found.values, np.array(["2024-03-30T11:00", "2024-03-31T10:00"], "datetime64[us]"))
    assert found.zone is not None
    texts = [found.zone.text(time) for time in found.values]
    assert texts == ["2024-03-30 12:00:00+01:00", "2024-03-31 12:00:00+02:00"]
    assert found.zone.text(np.datetime64("2024-05-01T00:30:00.5")) == "2024-05-01 02:30:00.500000+02:00"
    wall = np.array(["2024-05-01T12"], "datetime64[h]")
    np.testing.assert_array_equal(found.zone.to_utc(wall), np.datetime64("2024-05-01T10"))
    assert times("2024-03-30T12:00:00-05:00").zone == Zone("", ("2024-03-30T17:00:00",), (-300,))


def test_offsets_that_do_not_follow_from_time_are_not_kept():
    assert times("2024-03-30T12:00:00+01:00", "2024-03-30T13:00:00+02:00").zone == Zone("UTC")
    assert times("2024-03-30T12:00:00+01:00", "2024-03-30").zone == Zone("UTC")
    assert times("2024-03-30T12:00:00", "2024-03-30").zone is None


AUTUMN = tuple(f"2024-10-27 {time}" for time in ("01:30", "02:00", "02:30", "02:00", "02:30", "03:00"))
"""Times in Berlin."""


def test_the_hour_that_repeats():
    found = times(*AUTUMN, timezone="Europe/Berlin")
    hours = (found.values - np.datetime64("2024-10-26T23:30")) / np.timedelta64(1, "h")
    np.testing.assert_allclose(hours, [0, 0.5, 1, 1.5, 2, 2.5])
    assert found.notes == (
        "4 rows in the hour that repeats at the end of summer time in Europe/Berlin: which of the two a row is in was "
        "taken from the order of rows.",
    )
    assert found.zone is not None
    assert [found.zone.text(time)[11:] for time in found.values[2:4]] == ["02:30:00+02:00", "02:00:00+01:00"]


def test_the_hour_that_repeats_in_each_series(tmp_path: Path):
    path = tmp_path / "sites.csv"
    rows = [f"{site},{time},{place}" for place, time in enumerate(AUTUMN) for site in "ab"]
    path.write_text("\n".join(["site,at,x", *rows]), encoding="utf-8")
    with pytest.raises(DataError, match=r"--duplicates mean, first or last.*--timezone"):
        read_panel(path, "site", "at")
    panel = read_panel(path, "site", "at", options=ReadOptions(timezone="Europe/Berlin")).panel
    for series in panel:
        np.testing.assert_allclose(series.ts * 24, [0, 0.5, 1, 1.5, 2, 2.5])
    with pytest.raises(DataError, match=r"repeats the time 2024-10-27 01:30:00 in row .*--timezone"):
        read_indexed(path, "at", ["x"])


def test_times_that_do_not_exist_are_refused():
    with pytest.raises(DataError, match="row 1, which does not exist in Europe/Berlin"):
        times("2024-03-31 02:30", timezone="Europe/Berlin")


def test_columns_of_dates_keep_their_zone():
    index = pd.date_range("2024-03-30 12:00", periods=3, freq="D", tz="Europe/Berlin")
    found = times_of_cells(pd.Series(index), "when")
    np.testing.assert_array_equal(found.values, index.tz_convert("UTC").tz_localize(None).to_numpy())
    assert found.zone is not None
    assert [found.zone.text(time) for time in found.values] == [time.isoformat(sep=" ") for time in index]


def test_a_table_of_dates_has_their_zone(tmp_path: Path):
    path = tmp_path / "data.csv"
    path.write_text("t,x\n2024-03-30T12:00:00+01:00,1\n2024-03-31T12:00:00+02:00,2\n", encoding="utf-8")
    index = read_indexed(path, "t", ["x"]).index
    assert [str(time) for time in index] == ["2024-03-30 13:00:00+02:00", "2024-03-31 12:00:00+02:00"]
    path.write_text("t,x\n2024-03-30,1\n2024-03-31,2\n2024-04-01,3\n", encoding="utf-8")
    index = read_indexed(path, "t", ["x"], options=ReadOptions(timezone="Europe/Berlin")).index
    assert [str(time) for time in index[1:]] == ["2024-03-31 00:00:00+01:00", "2024-04-01 00:00:00+02:00"]
    assert index[-1] - index[-2] == pd.Timedelta(hours=23)


def test_a_date_is_its_moment():
    random = np.random.default_rng(0)
    for seconds in random.integers(-(10**9), 4 * 10**9, 200):
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=int(seconds))
        for form in ("%Y-%m-%d %H:%M:%S", "%d %B %Y %H:%M:%S", "%b %d, %Y %I:%M:%S %p", "%Y%m%dT%H%M%S", "%c"):
            found = parse_date(moment.strftime(form), None)
            assert found is not None
            assert found.moment == moment
        found = parse_date(moment.strftime("%d/%m/%Y %H:%M:%S"), "dmy")
        assert found is not None
        assert found.moment == moment
