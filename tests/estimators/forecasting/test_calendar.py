"""The calendar of a table: regular dates go on at their frequency, also after gaps."""

import numpy as np
import pandas as pd
import pytest

from nde.data import DataError
from nde.estimators.forecasting.calendar import Calendar

HOUR = pd.date_range("2024-10-26", periods=40, freq="h", tz="Europe/Berlin")
DAY = pd.date_range("2024-03-01", periods=30, freq="D", tz="Europe/Berlin")


@pytest.mark.parametrize(
    "dates",
    [
        pd.date_range("2019-01-01", periods=40, freq="MS"),
        pd.date_range("2019-01-01", periods=40, freq="MS", tz="Europe/Berlin"),
        pd.date_range("2019-01-31", periods=40, freq="ME"),
        pd.date_range("2019-01-01", periods=40, freq="MS") + pd.Timedelta(days=14),
        pd.date_range("2010-01-01", periods=40, freq="QS"),
        pd.date_range("1980-01-01", periods=40, freq="YS"),
        pd.bdate_range("2023-01-02", periods=40),
        DAY,
        DAY.tz_localize(None),
        HOUR,
        HOUR.tz_localize(None)[:24],
        pd.date_range("2024-01-01", periods=40, freq="5min"),
    ],
)
@pytest.mark.parametrize("gaps", [[], [5], [5, 6, 9]])
def test_dates_with_gaps_go_on_as_those_without(dates, gaps):
    rows = len(dates) - 6
    kept = np.setdiff1d(np.arange(rows), gaps)
    calendar = Calendar.of(dates[:rows].delete(gaps))
    ts, after = calendar.after(6)
    np.testing.assert_array_equal(calendar.ts, kept)
    np.testing.assert_array_equal(ts, np.arange(rows, rows + 6))
    assert list(after) == list(dates[rows:])


def test_a_week_of_business_days_has_five():
    calendar = Calendar.of(pd.bdate_range("2023-01-02", periods=40).delete(5))
    assert calendar.suggested == 5


def test_visits_at_any_day_are_irregular():
    calendar = Calendar.of(pd.to_datetime(["2024-01-01", "2024-01-09", "2024-02-20", "2024-05-03"]))
    assert calendar.frequency is None
    np.testing.assert_allclose(np.diff(calendar.ts), np.array([8, 42, 73]) / 42)


def test_irregular_dates_go_on_at_full_seconds():
    """An hour is no binary fraction of a day."""
    hours = pd.date_range("2024-01-01", periods=30, freq="h").delete([3, 4])
    late = hours[:9].append(hours[9:10] + pd.Timedelta(seconds=7)).append(hours[10:])
    assert set(Calendar.of(late).after(20)[1].second) == {0}


@pytest.mark.parametrize("digits", [2, 3])
def test_rounded_years_do_not_drift(digits):
    years = np.round(1960 + np.arange(60) / 12, digits)
    calendar = Calendar.of(np.delete(years[:40], 7))
    assert calendar.suggested == pytest.approx(12)
    np.testing.assert_allclose(calendar.after(20)[1], years[40:], atol=1.1 * 10.0**-digits)


@pytest.mark.parametrize(
    "times",
    [
        pd.date_range("2019-01-31", periods=40, freq="ME"),
        pd.bdate_range("2023-01-02", periods=40),
        HOUR,
        pd.to_datetime("2024-01-01") + pd.to_timedelta(np.arange(40) ** 1.5, unit="h"),
        pd.Index(1900 + np.arange(40) / 4),
    ],
)
def test_later_times_have_their_places(times):
    whole, calendar = Calendar.of(times), Calendar.of(times[:30])
    ts, labels = calendar.at(times[[31, 34, 39]])
    expected = whole.ts * whole.spacing / calendar.spacing if whole.frequency is None else whole.ts
    np.testing.assert_allclose(ts, expected[[31, 34, 39]], rtol=1e-6)
    assert list(labels) == list(times[[31, 34, 39]])


def test_times_off_the_grid_lie_between():
    (place,), _ = Calendar.of(pd.date_range("2019-01-01", periods=24, freq="MS")).at([pd.Timestamp("2021-02-15")])
    assert 25.3 < place < 25.7


@pytest.mark.parametrize("times", [[1.0], ["later"], [HOUR[5]], [HOUR[-1].tz_localize(None)], HOUR[[35, 34]], []])
def test_times_that_are_not_later_are_refused(times):
    with pytest.raises(DataError, match="imes to forecast"):
        Calendar.of(HOUR[:30]).at(times)


@pytest.mark.parametrize(
    ("labels", "rows", "message"),
    [
        (pd.date_range("2019-01-01", periods=24, freq="MS"), 100_000, "end after the year 5000"),
        (pd.date_range("2019-01-01", periods=24, freq="MS"), 10**9, "at most 1,000,000"),
        (np.arange(24.0), 10**9, "at most 1,000,000"),
    ],
)
def test_horizons_without_end_are_refused(labels, rows, message):
    with pytest.raises(DataError, match=message):
        Calendar.of(labels).after(rows)
    assert len(Calendar.of(labels).after(3)[0]) == 3
