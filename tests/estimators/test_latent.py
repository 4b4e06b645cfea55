"""The forecaster and the imputer, on oscillations with known trajectories."""

import numpy as np
import pytest
from sklearn.base import clone

import nde
from nde.data import DataError
from nde.estimators import LatentODEImputer, NeuralODEForecaster, load_estimator
from nde.estimators.pieces import Pieces


def swings(series: int, seed: int, gaps: float = 0.0, end: float = 8.0):
    """Damped oscillations around 50 at irregular times, as a panel, and as a function of time."""
    random = np.random.default_rng(seed)
    ts = np.sort(random.choice(np.linspace(0.0, end, 200), (series, 20)), axis=1) + np.arange(20) * 1e-3
    phase, height = random.uniform(0, 2 * np.pi, (series, 1)), random.uniform(5.0, 10.0, (series, 1))

    def trajectory(t):
        angle, size = t + phase, height * np.exp(-0.03 * t)
        return 50 + np.stack([size * np.sin(angle), size * np.cos(angle)], axis=-1)

    ys = trajectory(ts)
    ys[random.random(ys.shape) < gaps] = np.nan
    ys[:, 0] = trajectory(ts)[:, 0]
    return nde.TimeSeries.from_arrays(ys, ts), trajectory


@pytest.fixture(scope="module")
def forecaster():
    return NeuralODEForecaster(max_iter=3, window=10, batch_size=8, random_state=0).fit(swings(8, 0)[0])


def test_times_belong_to_the_last_window_that_starts_before_them():
    panel = nde.TimeSeries.from_arrays([np.arange(25.0)])
    pieces = Pieces.of(panel, [np.array([30.0, 3.0, 11.0, 24.0])], rows=10)
    np.testing.assert_array_equal(pieces.lengths, [10, 10, 10])
    np.testing.assert_array_equal(pieces.places, [[1, -1], [2, -1], [3, 0]])
    np.testing.assert_array_equal(pieces.wanted, [[3.0, 3.0], [1.0, 1.0], [9.0, 15.0]])


def test_forecasts_depend_neither_on_the_order_of_times_nor_on_other_series(forecaster):
    panel, _ = swings(3, 1)
    times = np.array([9.0, 12.0, 8.5])
    together = forecaster.predict(panel, times)
    assert together.shape == (3, 3, 2)
    np.testing.assert_allclose(forecaster.predict(panel[[1]], times[::-1])[0, ::-1], together[1], rtol=1e-4)
    np.testing.assert_allclose(forecaster.predict(panel, np.tile(times, (3, 1))), together)


def test_parameters_are_kept_and_a_saved_estimator_predicts_the_same(forecaster, tmp_path):
    panel, _ = swings(3, 1)
    assert clone(forecaster).get_params() == forecaster.get_params()
    forecaster.save(tmp_path)
    np.testing.assert_array_equal(load_estimator(tmp_path).predict(panel, [9.0]), forecaster.predict(panel, [9.0]))


def test_misuse_raises_clear_errors(forecaster):
    panel, _ = swings(3, 1)
    with pytest.raises(DataError, match="Got time 1 for series 0, whose last row is at"):
        forecaster.predict(panel, [1.0])
    with pytest.raises(DataError, match="got 2 rows for 3 series"):
        forecaster.predict(panel, np.full((2, 1), 9.0))
    with pytest.raises(ValueError, match="encoder must be one of gru, ode-rnn; got 'lstm'"):
        NeuralODEForecaster(encoder="lstm").fit(panel)


@pytest.mark.slow
def test_it_forecasts_oscillations_beyond_the_observed_rows():
    train, _ = swings(128, 0)
    test, trajectory = swings(32, 1)
    forecaster = NeuralODEForecaster(max_iter=400, random_state=0).fit(train)
    times = np.linspace(8.1, 14.0, 20)
    errors = forecaster.predict(test, times) - trajectory(times)
    assert np.sqrt(np.mean(errors**2)) < 1.5
    assert np.sqrt(np.mean((trajectory(times) - 50) ** 2)) > 3.5
    assert forecaster.score(test) > -0.3


@pytest.mark.slow
def test_it_imputes_missing_values_of_one_long_series():
    ts = np.linspace(0.0, 120.0, 600)
    clean = np.stack([np.sin(ts), np.cos(ts)], axis=1)
    gaps = np.random.default_rng(0).random(clean.shape) < 0.4
    panel = nde.TimeSeries.from_arrays([np.where(gaps, np.nan, clean)], [ts])
    imputer = LatentODEImputer(max_iter=400, random_state=0).fit(panel)
    filled = imputer.transform(panel)
    np.testing.assert_array_equal(filled.ys[~gaps], clean[~gaps])
    assert np.sqrt(np.mean((filled.ys - clean)[gaps] ** 2)) < 0.15
    between = imputer.impute(panel, [0.05, 60.05])
    np.testing.assert_allclose(between[0], [[np.sin(t), np.cos(t)] for t in (0.05, 60.05)], atol=0.4)
