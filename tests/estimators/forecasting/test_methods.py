"""Each method forecasts what it says, from every point by what is known there alone."""

import dataclasses

import numpy as np
import pytest

from nde.estimators.forecasting.exponential_smoothing import ExponentialSmoothing
from nde.estimators.forecasting.history import History
from nde.estimators.forecasting.methods import PLAIN, Drift, Last, Mean, SeasonalNaive
from nde.estimators.forecasting.rolling import origins, roll
from nde.estimators.forecasting.season import find_longer, find_period
from nde.estimators.forecasting.structural import Structural, _seasons


def wave(rows: int = 48, period: float = 12.0, trend: float = 0.0, noise: float = 0.0) -> History:
    ts = np.arange(float(rows))
    ys = np.sin(2 * np.pi * ts / period) + trend * ts + noise * np.random.default_rng(0).normal(size=rows)
    return History(ts, ys, period)


def test_plain_forecasts():
    history = History(np.array([0.0, 1.0, 3.0, 4.0]), np.array([2.0, np.nan, 5.0, 10.0]))
    ahead = np.array([5.0, 8.0])
    np.testing.assert_allclose(Mean().continue_(history, ahead).median, [17 / 3, 17 / 3])
    np.testing.assert_allclose(Last().continue_(history, ahead).median, [10.0, 10.0])
    np.testing.assert_allclose(Drift().continue_(history, ahead).median, [12.0, 18.0])


def test_the_seasonal_naive_forecast_repeats_the_last_season():
    found = SeasonalNaive().continue_(wave(), np.arange(48.0, 80.0)).median
    np.testing.assert_allclose(found, np.sin(2 * np.pi * np.arange(48, 80) / 12), atol=1e-12)
    assert not SeasonalNaive().suits(History(np.arange(9.0), np.ones(9), 12.0))
    assert not SeasonalNaive().suits(History(np.arange(9.0), np.ones(9)))


def test_intervals_of_a_walk_grow_with_the_root_of_time():
    walk = History(np.arange(200.0), np.random.default_rng(0).normal(size=200).cumsum())
    deviation = Last().continue_(walk, np.array([200.0, 203.0])).deviation
    np.testing.assert_allclose(deviation, [deviation[0], 2 * deviation[0]])
    np.testing.assert_allclose(deviation[0], 1.0, rtol=0.1)


@pytest.mark.parametrize("method", [*PLAIN, ExponentialSmoothing(), Structural()], ids=lambda method: method.name)
def test_what_comes_later_does_not_matter(method):
    history = wave(noise=0.1)
    changed = History(history.ts, np.where(history.ts < 36, history.ys, 5 - history.ys), history.period)
    ahead = [history.ts[36:40]]
    (first,), (second,) = (method.forecast(each, [36], ahead) for each in (history, changed))
    np.testing.assert_allclose(first.median, second.median, rtol=1e-6)
    np.testing.assert_allclose(first.deviation, second.deviation, rtol=1e-6)


@pytest.mark.parametrize("method", [ExponentialSmoothing(), Structural()], ids=lambda method: method.name)
def test_a_season_with_a_trend_goes_on(method):
    history = wave(trend=0.1, noise=0.1)
    ahead = np.arange(48.0, 60.0)
    (found,) = method.forecast(history, [48], [ahead])
    truth = np.sin(2 * np.pi * ahead / 12) + 0.1 * ahead
    assert np.sqrt(np.mean((found.median - truth) ** 2)) < 0.25
    assert np.all(found.deviation < 0.5)


def test_exponential_smoothing_is_for_regular_rows():
    assert not ExponentialSmoothing().suits(History(np.array([0.0, 1, 2, 3, 4, 5, 6, 9]), np.ones(8)))


@pytest.mark.parametrize("period", [4, 7, 12, 30])
def test_a_season_is_found(period):
    assert find_period(wave(6 * period, period, trend=0.2, noise=0.1)) == pytest.approx(period, abs=1)


def test_a_season_is_found_in_gaps_and_by_its_unit():
    history = wave(120, 12.2, noise=0.2)
    ys = np.where(np.random.default_rng(1).random(120) < 0.2, np.nan, history.ys)
    assert find_period(History(history.ts, ys)) == pytest.approx(12, abs=1)
    assert find_period(History(history.ts, ys), suggested=12.2) == 12.2


@pytest.mark.parametrize("seed", range(5))
def test_noise_and_walks_have_no_season(seed):
    noise = np.random.default_rng(seed).normal(size=200)
    for ys in (noise, noise.cumsum(), np.ones(200)):
        assert find_period(History(np.arange(200.0), ys)) is None


def test_origins_leave_enough_to_learn_from():
    assert origins(wave(100), 12) == [88, 76, 64, 52]
    assert origins(wave(50), 12) == [38, 26]
    assert origins(wave(20), 12) == []
    assert origins(History(np.arange(40.0), np.ones(40)), 5) == [35, 30, 25, 20]
    gappy = np.where(np.arange(40) < 30, np.nan, 1.0)
    assert origins(History(np.arange(40.0), gappy), 2) == [38]


def test_rolling_errors_are_those_of_each_point():
    history = wave(trend=1.0)
    found = roll([Last(), SeasonalNaive()], history, 2, np.array([48.0]))
    rolling, end = found["last value"]
    expected = [history.ys[cut - 1] - history.ys[cut : cut + 2] for cut in (46, 44, 42, 40)]
    np.testing.assert_allclose(rolling.errors, np.concatenate(expected))
    np.testing.assert_allclose(rolling.rmse, np.sqrt(np.mean(np.square(expected))))
    np.testing.assert_allclose(end.median, history.ys[-1:])
    np.testing.assert_allclose(found["seasonal naive"][0].rmse, 12.0)


def test_the_week_is_found_behind_the_day():
    hours = np.arange(24.0 * 28)
    day, weekday = np.sin(2 * np.pi * hours / 24), (hours // 24) % 7
    noise = 0.3 * np.random.default_rng(0).normal(size=len(hours))
    history = History(hours, day - 1.5 * (weekday >= 5) + noise, 24.0)
    assert find_longer(history, 7.0) == 168
    assert find_longer(History(hours, day + noise, 24.0), 7.0) is None
    assert find_longer(history.until(24 * 12), 7.0) is None


def test_seasons_that_were_seen_are_tried():
    history = dataclasses.replace(wave(), longer=36.0)
    assert _seasons(history, 47.0) == [(), (12.0, 36.0)]
    assert _seasons(dataclasses.replace(history, certain=True), 30.0) == [(12.0,)]
    assert _seasons(history, 5.0) == [()]
