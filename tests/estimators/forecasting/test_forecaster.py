"""The forecaster: tables in, medians and intervals out, by the method that did best."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import nde
from nde.data import DataError, Table
from nde.estimators import Forecaster
from nde.estimators.forecasting.comparison import compared
from nde.estimators.panels.comparison import PanelScore, sentence

PLAIN = ["last value", "drift", "seasonal naive", "mean"]


def months(rows: int = 72) -> pd.Series:
    ts = np.arange(rows)
    values = 100 + 10 * np.sin(2 * np.pi * ts / 12) + np.random.default_rng(0).normal(size=rows)
    return pd.Series(values, index=pd.date_range("2015-01-31", periods=rows, freq="ME"), name="sales")


def test_months_go_on_as_months():
    forecaster = Forecaster(horizon=14, methods=PLAIN).fit(months())
    forecast = forecaster.predict()
    assert forecaster.season_ == {"sales": 12.0}
    assert forecaster.methods_ == {"sales": "seasonal naive"}
    assert [f"{date:%Y-%m-%d}" for date in forecast.times[:2]] == ["2021-01-31", "2021-02-28"]
    assert forecast.to_frame().shape == (14, 7)
    np.testing.assert_allclose(forecast.median[:12, 0], months()[-12:])


def test_intervals_hold_their_share_of_the_future():
    """Of walks, where the spread is known."""
    inside = {50: [], 80: [], 95: []}
    for seed in range(60):
        walk = np.random.default_rng(seed).normal(size=130).cumsum()
        forecast = Forecaster(horizon=10, season=None, methods=["last value"]).fit(walk[:120]).predict()
        for level, (lower, upper) in forecast.intervals.items():
            inside[level].append(np.mean((lower[:, 0] < walk[120:]) & (walk[120:] < upper[:, 0])))
    for level, shares in inside.items():
        assert np.mean(shares) == pytest.approx(level / 100, abs=0.1)


def test_the_linear_sde_has_the_greater_weight_unless_another_is_clearly_better():
    forecaster = Forecaster(horizon=6, methods=["linear SDE", *PLAIN]).fit(months(48))
    assert set(forecaster.weights_["sales"]) == {"linear SDE", "seasonal naive"}
    assert forecaster.weights_["sales"]["linear SDE"] > 0.75
    best = forecaster.scores_["sales"][0]
    assert best.name in {"linear SDE", forecaster.methods_["sales"]}
    assert best.rmse_by_step[0] < best.rmse * 2
    assert best.crps < best.rmse
    assert "below that of the best plain method, seasonal naive" in forecaster.summary()
    median = forecaster.predict(3).median
    np.testing.assert_allclose(median, forecaster.predict(6).median[:3], rtol=1e-3)


def test_weights_can_be_given():
    values = months().to_numpy()
    forecaster = Forecaster(horizon=3, methods={"last value": 3.0, "mean": 1.0}).fit(values)
    assert forecaster.weights_ == {"value": {"last value": 0.75, "mean": 0.25}}
    np.testing.assert_allclose(forecaster.predict().median[:, 0], 0.75 * values[-1] + 0.25 * values.mean())
    assert forecaster.methods_ == {"value": "last value (75%) and mean (25%)"}


def test_a_plain_method_that_wins_is_named():
    summary = Forecaster(methods=PLAIN).fit(months()).summary()
    assert "sales: the seasonal naive forecast is better than every model here" in summary


def test_tables_arrays_and_frames_are_alike():
    values = months().to_numpy()
    of_array = Forecaster(horizon=3, season=12, methods=PLAIN).fit(values).predict()
    table = Table("t", ("sales",), np.arange(72.0) / 12 + 2015, values[:, None])
    of_table = Forecaster(horizon=3, methods=PLAIN).fit(table)
    np.testing.assert_allclose(of_array.times, [72, 73, 74])
    np.testing.assert_allclose(of_table.predict().times, 2021 + np.arange(3) / 12)
    assert of_table.season_["sales"] == pytest.approx(12)
    np.testing.assert_allclose(of_table.predict().median, of_array.median)
    frame = pd.DataFrame({"a": values, "b": values[::-1]})
    of_frame = Forecaster(horizon=3, season=12, methods=PLAIN).fit(frame).predict()
    np.testing.assert_allclose(of_frame.median[:, 0], of_array.median[:, 0])
    assert of_frame.names == ("a", "b")


def test_gaps_at_the_end_are_bridged():
    values = months().to_numpy().copy()
    values[-2:] = np.nan
    forecast = Forecaster(horizon=3, season=12, methods=["seasonal naive"]).fit(values).predict()
    assert len(forecast.times) == 3
    assert forecast.times[0] == 72
    np.testing.assert_allclose(forecast.median[:, 0], values[60:63])


def test_default_horizons_are_a_season_or_ten_rows():
    for rows, season, expected in ((100, None, 10), (100, 12, 12), (30, None, 6), (100, 24, 20)):
        forecaster = Forecaster(season=season, methods=["last value"]).fit(np.arange(float(rows)))
        assert len(forecaster.predict().times) == expected


@pytest.mark.parametrize(
    ("settings", "data", "error", "message"),
    [
        ({"horizon": 0}, np.arange(9.0), ValueError, "horizon must be a positive number of rows; got 0"),
        ({"season": 1}, np.arange(9.0), ValueError, "season must be at least 2 rows; got 1"),
        ({"season": "month"}, np.arange(9.0), ValueError, "'auto' or None; got 'month'"),
        ({"methods": ["magic"]}, np.arange(9.0), ValueError, "methods must be some of linear SDE"),
        ({"methods": {"drift": -1.0}}, np.arange(9.0), ValueError, "weights of methods must be positive"),
        ({"levels": [80, 120]}, np.arange(9.0), ValueError, "percentages between 0 and 100"),
        ({}, np.zeros((2, 2, 2)), DataError, r"got \(2, 2, 2\)"),
        ({}, np.full(9, np.nan), DataError, "at least two values"),
        ({}, np.array([1.0, np.inf, 2.0]), DataError, "infinite in row 2"),
        ({}, np.array([1e300, 2e300, 1e300]), DataError, "values up to 2e.300; choose a unit"),
        ({}, pd.Series([1.0, 2.0], index=[3, 3]), DataError, "Times must increase"),
        ({}, pd.Series([1.0, 2.0], index=["a", "b"]), DataError, "numbers or dates"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, data, error, message):
    with pytest.raises(error, match=message):
        Forecaster(**settings).fit(data)


def priced(rows: int = 60, ahead: int = 4) -> pd.DataFrame:
    """Sales that fall with a price, which is known for some rows more."""
    random = np.random.default_rng(0)
    price = random.uniform(1, 3, rows + ahead)
    sales = 50 - 8 * price + 0.3 * random.normal(size=rows + ahead)
    sales[rows:] = np.nan
    return pd.DataFrame({"price": price, "sales": sales}, index=pd.date_range("2024-01-01", periods=rows + ahead))


def test_inputs_that_are_known_in_advance_count():
    frame = priced()
    forecaster = Forecaster(season=None, methods=["linear SDE", "mean"], known=["price"]).fit(frame)
    forecast = forecaster.predict()
    assert forecast.names == ("sales",)
    assert list(forecast.times) == list(frame.index[-4:])
    np.testing.assert_allclose(forecast.median[:, 0], 50 - 8 * frame["price"][-4:], atol=1.0)
    assert forecaster.methods_ == {"sales": "linear SDE"}
    with pytest.raises(DataError, match="price must be known for 5 rows to forecast; the table has 4"):
        forecaster.predict(5)


@pytest.mark.parametrize(
    ("known", "frame", "message"),
    [
        (["prise"], priced(), "no column 'prise' to be known. Did you mean 'price'"),
        (["price", "sales"], priced(), "none to forecast"),
        (["price"], priced().assign(price=lambda frame: frame["price"].where(frame["price"] < 2.9)), "have no gaps"),
        (["price"], priced(ahead=0), "price must be known for 1 row to forecast; the table has 0"),
    ],
)
def test_known_columns_that_are_not_are_refused(known, frame, message):
    with pytest.raises(DataError, match=message):
        Forecaster(season=None, methods=["mean"], known=known).fit(frame)


def test_constants_are_forecast():
    forecast = Forecaster(horizon=2, methods=["mean", "last value"]).fit(np.full(40, 3.0)).predict()
    np.testing.assert_allclose(forecast.median, 3.0)
    assert all(np.isfinite(end).all() for ends in forecast.intervals.values() for end in ends)


def test_the_verdict_on_a_constant_does_not_divide_by_zero():
    forecaster = Forecaster(horizon=2, methods=["linear SDE", "last value"]).fit(np.full(40, 1.0))
    assert "last value forecast is better than every model here: RMSE 0 " in forecaster.summary()


@pytest.mark.parametrize(
    ("error", "plain", "words"),
    [
        (0.0, 0.0, "as much as"),
        (1.0, 0.0, "above"),
        (np.inf, 1.0, "above"),
        (0.5, 1.0, "50% below"),
        (1.001, 1.0, "as much as"),
        (3.0, 2.0, "50% above"),
    ],
)
def test_errors_are_compared_in_words(error, plain, words):
    assert compared(error, plain) == words
    scores = [
        PanelScore("linear SDE", False, error, 1.0, 0.8, error),
        PanelScore("drift", True, plain, 1.0, 0.8, plain),
    ]
    assert f"Its error on the past is {words} that of the best plain" in sentence("x", scores, "linear SDE", None)


def test_later_times_are_forecast_where_they_are():
    table = months()
    forecaster = Forecaster(horizon=6, season=12, methods=["seasonal naive"]).fit(table[:60])
    later = table.index[[60, 62, 66]]
    forecast = forecaster.predict(times=later)
    assert list(forecast.times) == list(later)
    np.testing.assert_allclose(forecast.median[:, 0], table.to_numpy()[[48, 50, 54]])
    with pytest.raises(ValueError, match="alternatives"):
        forecaster.predict(3, times=later)


def test_it_is_an_estimator():
    forecaster = clone(Forecaster(horizon=3, methods=["drift"]))
    with pytest.raises(NotFittedError):
        forecaster.predict()
    assert nde.estimators.Forecaster is Forecaster
    np.testing.assert_allclose(forecaster.fit(np.arange(20.0)).predict().median[:, 0], [20.0, 21.0, 22.0])


def test_the_plot_has_the_past_and_the_intervals():
    figure = Forecaster(horizon=5, methods=["drift"]).fit(months()).plot()
    (axes,) = figure.axes
    measured, median = axes.lines
    assert len(measured.get_xdata()) == 40
    assert len(median.get_xdata()) == 5
    assert len(axes.collections) == 3
    assert axes.get_ylabel() == "sales"


def test_a_table_too_short_to_compare_is_forecast_all_the_same():
    forecaster = Forecaster(horizon=4, season=None, methods=["last value", "drift"]).fit(np.arange(6.0))
    assert "too short to compare" in forecaster.summary()
    assert forecaster.scores_ == {"value": []}
    assert forecaster.methods_ == {"value": "last value"}
    assert np.isfinite(forecaster.predict().median).all()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"day": months(9).index, "x": 1.0}), "Column 'day' holds dates .* make them the index"),
        (pd.DataFrame({"x": range(9), "shop": "Bern"}), "Column 'shop' has entries that are no numbers"),
        (pd.DataFrame([[1.0, 2.0]] * 9, columns=["x", "x"]), "several columns 'x'"),
        (months(9).to_frame().set_index(np.arange(9), append=True), "2 levels; expected times"),
        (pd.DataFrame({"x": [1j] * 9}), "Column 'x' is complex"),
        (pd.DataFrame(index=range(9)), "has no columns"),
    ],
)
def test_columns_that_are_no_numbers_are_refused(frame, message):
    with pytest.raises(DataError, match=message):
        Forecaster(methods=PLAIN).fit(frame)
