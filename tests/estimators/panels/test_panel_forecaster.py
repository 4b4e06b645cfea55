"""Forecasts of many series: the method that does best on the past, and intervals that hold what they say."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import nde
from nde.data import DataError, ReadOptions, read_panel
from nde.estimators import PanelForecaster, load_estimator
from nde.estimators.panels import panel_forecaster
from nde.estimators.panels.axis import axes_of
from nde.estimators.panels.curves import are_ages
from nde.estimators.panels.seasons import find_season

PLAIN = ["last value", "drift", "seasonal naive", "mean"]
CURVES = "curves of other series"


def seasons(series: int = 6, rows: int = 40, noise: float = 0.5) -> np.ndarray:
    """Waves of period 8 with different phases, heights and levels, of shape `(series, rows)`."""
    random = np.random.default_rng(0)
    heights, phases, levels = random.uniform([[2], [0], [10]], [[4], [6], [30]], (3, series))[..., None]
    waves = levels + heights * np.sin(2 * np.pi * np.arange(rows) / 8 + phases)
    return waves + noise * random.normal(size=(series, rows))


def growth(series: int = 12, rows: int = 10) -> np.ndarray:
    """Curves of one shape with different heights, of shape `(series, rows)`."""
    return np.linspace(1.0, 2.0, series)[:, None] * (3 + np.arange(rows) ** 2)


def dated(starts: list[str], values: list[np.ndarray], step: str = "MS") -> nde.TimeSeries:
    """Series of regular dates."""
    frames = [
        pd.DataFrame({"id": place, "date": pd.date_range(start, periods=len(own), freq=step), "x": own})
        for place, (start, own) in enumerate(zip(starts, values, strict=True))
    ]
    return nde.TimeSeries.from_frame(pd.concat(frames), "id", "date")


def test_a_season_is_continued():
    clean = seasons(noise=0.0)
    forecaster = PanelForecaster(methods=PLAIN).fit(clean[:, :32])
    assert forecaster.season_ == {"x0": 8.0}
    assert forecaster.methods_ == {"x0": "seasonal naive"}
    forecasts = forecaster.forecast(clean[:, :32], horizon=8)
    np.testing.assert_allclose([own.median[:, 0] for own in forecasts], clean[:, 32:], rtol=1e-9)
    assert "the seasonal naive forecast is better than every model here" in forecaster.summary()


def test_the_season_is_found_in_all_series_together():
    """In one of these noisy series alone it cannot be told from chance; walks have none."""
    random = np.random.default_rng(1)
    noisy = nde.TimeSeries.from_arrays(seasons(40, 30, noise=1.2))
    walks = nde.TimeSeries.from_arrays(random.normal(size=(40, 30)).cumsum(axis=1))
    assert find_season(noisy, axes_of(noisy), 0) == 8.0
    assert find_season(walks, axes_of(walks), 0) is None


def test_a_short_series_goes_on_as_the_others_did():
    values = growth()
    forecaster = PanelForecaster(methods=[CURVES, *PLAIN]).fit(values[:-1])
    assert forecaster.methods_ == {"x0": CURVES}
    (forecast,) = forecaster.forecast(values[-1:, :6], times=[6.0, 7.0, 8.0])
    np.testing.assert_allclose(forecast.median[:, 0], values[-1, 6:9], rtol=0.02)
    assert "where these do not go on for long enough by the drift" in forecaster.summary()


def test_beyond_all_others_the_next_method_is_used():
    values = growth()
    whole = PanelForecaster(methods=[CURVES, *PLAIN]).fit(values)
    drift = PanelForecaster(methods=["drift"]).fit(values)
    assert whole.methods_ == {"x0": CURVES}
    np.testing.assert_allclose(whole.predict(values, [10.0]), drift.predict(values, [10.0]))


def test_dates_and_years_are_no_ages():
    values = list(growth())
    assert are_ages(nde.TimeSeries.from_arrays(values))
    assert not are_ages(nde.TimeSeries.from_arrays(values, [np.arange(1950.0, 1960.0)] * len(values)))
    assert not are_ages(dated(["2020-01-01"] * len(values), values))


def test_what_came_later_by_the_calendar_is_not_read():
    """All series share their dates, so that none is known to go on beyond a point of the past."""
    forecaster = PanelForecaster(methods=[CURVES, *PLAIN]).fit(dated(["2020-01-01"] * 12, list(growth())))
    assert CURVES not in {score.name for score in forecaster.scores_["x"]}
    staggered = [f"{year}-01-01" for year in range(2000, 2012)]
    forecaster = PanelForecaster(methods=[CURVES, *PLAIN]).fit(dated(staggered, list(growth())))
    assert forecaster.methods_ == {"x": CURVES}


def test_months_go_on_as_months():
    panel = dated(["2020-01-31", "2021-03-31"], [np.arange(9.0), np.arange(5.0)], "ME")
    forecasts = PanelForecaster(methods=["drift"]).fit(panel).forecast(panel, 3)
    assert [str(date)[:10] for date in forecasts[0].times] == ["2020-10-31", "2020-11-30", "2020-12-31"]
    assert [str(date)[:10] for date in forecasts[1].times] == ["2021-08-31", "2021-09-30", "2021-10-31"]
    np.testing.assert_allclose(forecasts[0].median[:, 0], [9, 10, 11], rtol=1e-6)


def test_intervals_hold_their_share_of_walks():
    walks = np.random.default_rng(0).normal(size=(100, 50)).cumsum(axis=1)
    forecaster = PanelForecaster(5, season=None, methods=["last value"]).fit(walks[:, :45])
    forecasts = forecaster.forecast(walks[:, :45])
    for level in (50, 80, 95):
        ends = [own.intervals[level] for own in forecasts]
        inside = [
            (low[:, 0] < came) & (came < high[:, 0]) for (low, high), came in zip(ends, walks[:, 45:], strict=True)
        ]
        assert np.mean(inside) == pytest.approx(level / 100, abs=0.05)


def test_short_series_gaps_and_irregular_times():
    panel = nde.TimeSeries.from_arrays(
        [[[1.0, 5.0], [np.nan, 6.0], [2.0, np.nan]], [[4.0, np.nan]], [[3.0, 1.0], [3.5, np.nan]]],
        [[0.0, 0.3, 2.0], [1.0], [0.0, 9.0]],
    )
    forecaster = PanelForecaster(methods=PLAIN).fit(panel)
    forecasts = forecaster.forecast(panel, 2)
    assert all(np.isfinite(own.to_frame().to_numpy()).all() for own in forecasts)
    assert forecasts[1].median[0].tolist() == [4.0, pytest.approx(np.nanmean(panel.ys[:, 1]))]
    assert forecasts[2].times.tolist() == [18.0, 27.0]
    assert all((low < high).all() for own in forecasts for low, high in own.intervals.values())


def test_the_order_of_times_does_not_matter_and_a_saved_forecaster_predicts_the_same(tmp_path):
    values = growth()
    forecaster = PanelForecaster(methods=[CURVES, "drift"]).fit(values)
    ordered = forecaster.predict(values[:3, :5], [5.0, 6.0, 20.0])
    np.testing.assert_array_equal(forecaster.predict(values[:3, :5], [20.0, 5.0, 6.0]), ordered[:, [2, 0, 1]])
    assert clone(forecaster).get_params() == forecaster.get_params()
    forecaster.save(tmp_path)
    loaded = load_estimator(tmp_path)
    np.testing.assert_array_equal(loaded.predict(values[:3, :5], [5.0, 6.0, 20.0]), ordered)
    assert loaded.summary() == forecaster.summary()


def test_misuse_raises_clear_errors():
    values = growth()
    forecaster = PanelForecaster(methods=["drift"]).fit(values)
    with pytest.raises(DataError, match="Got time 1 for series 0, whose last row is at 9"):
        forecaster.predict(values, [1.0])
    with pytest.raises(DataError, match="fitted to channels x0"):
        forecaster.forecast(np.ones((2, 5, 2)))
    with pytest.raises(ValueError, match="horizon must be a positive number of rows; got 0"):
        forecaster.forecast(values, 0)
    with pytest.raises(ValueError, match=r"methods must be some of .*; got \['arima'\]"):
        PanelForecaster(methods=["arima"]).fit(values)
    with pytest.raises(ValueError, match="season must be at least 2 rows; got 1"):
        PanelForecaster(season=1).fit(values)
    with pytest.raises(ValueError, match="levels must be percentages"):
        PanelForecaster(levels=[120]).fit(values)
    with pytest.raises(NotFittedError):
        PanelForecaster().predict(values, [11.0])


def test_the_linear_sde_beats_plain_methods_on_noisy_levels_and_is_saved(tmp_path):
    """It weighs recent values: the last alone is noisy, and the mean is late."""
    random, times = np.random.default_rng(0), np.arange(28.0, 32.0)
    values = 0.5 * random.normal(size=(8, 32)).cumsum(axis=1) + random.normal(size=(8, 32))
    forecaster = PanelForecaster(4, season=None, methods=["linear SDE", "linear SDE, shared", *PLAIN])
    forecaster.fit(values[:, :28])
    assert forecaster.methods_["x0"].startswith("linear SDE")
    assert "below that of the best plain method" in forecaster.summary()
    forecasts = forecaster.predict(values[:, :28], times)
    errors, last = forecasts[..., 0] - values[:, 28:], values[:, 27:28] - values[:, 28:]
    assert np.mean(errors**2) < 0.8 * np.mean(last**2)
    forecaster.save(tmp_path)
    np.testing.assert_allclose(load_estimator(tmp_path).predict(values[:, :28], times), forecasts, rtol=1e-9)


def test_series_share_parameters_if_they_have_more_rows_than_are_fitted(monkeypatch):
    """What is used is what was compared, on a sample of the series."""
    monkeypatch.setattr(panel_forecaster, "MOST_FITTED", 60)
    values = np.random.default_rng(0).normal(size=(8, 20)).cumsum(axis=1)
    forecaster = PanelForecaster(4, season=None, methods=["linear SDE", "linear SDE, shared"]).fit(values)
    assert [score.name for score in forecaster.scores_["x0"]] == ["linear SDE, shared"]
    assert forecaster.methods_ == {"x0": "linear SDE, shared"}
    alone, together = forecaster.forecast(values[:1])[0], forecaster.forecast(values)[0]
    np.testing.assert_allclose(alone.median, together.median, rtol=1e-9)


def test_months_of_a_time_zone_go_on_as_months_after_a_gap(tmp_path):
    months = [f"{2021 + place // 12}-{place % 12 + 1:02d}-01" for place in range(30) if place != 5]
    rows = [f"{name},{month},{place % 7}" for name in "ab" for place, month in enumerate(months)]
    file = tmp_path / "sales.csv"
    file.write_text("\n".join(["shop,month,sales", *rows]))
    panel = read_panel(file, "shop", "month", options=ReadOptions(timezone="Europe/Berlin")).panel
    forecast = PanelForecaster(methods=["last value"]).fit(panel).forecast(panel, 2)[0]
    zone = panel.clock.zone
    assert [zone.text(time)[:16] for time in forecast.times] == ["2023-07-01 00:00", "2023-08-01 00:00"]
