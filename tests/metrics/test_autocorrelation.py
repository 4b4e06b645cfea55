"""Autocorrelations against those of processes for which they are known."""

import numpy as np
import pytest

from nde.data import DataError
from nde.metrics import Bootstrap, autocorrelation, leverage, volatility_clustering


def _autoregressive(share, series, length, seed):
    noise = np.random.default_rng(seed).normal(size=(series, length)) * np.sqrt(1 - share**2)
    found = np.empty_like(noise)
    found[:, 0] = noise[:, 0] / np.sqrt(1 - share**2)
    for t in range(1, length):
        found[:, t] = share * found[:, t - 1] + noise[:, t]
    return found


def test_an_autoregressive_process_has_powers_as_autocorrelations():
    found = autocorrelation(_autoregressive(0.8, 300, 60, 0), lags=6, of="values", bootstrap=Bootstrap(level=0.99))
    assert found.covers(0.8 ** np.arange(1, 7)[:, None]).all()
    assert np.max(found.high - found.low) < 0.12


def test_absolute_values_of_an_autoregressive_process_have_the_autocorrelation_of_folded_normals():
    """For normal `x` and `y` with correlation `r`, `E |x y|` is `2 / pi (sqrt(1 - r^2) + r asin r)`."""
    r = 0.8 ** np.arange(1, 5)
    expected = (2 / np.pi * (np.sqrt(1 - r**2) + r * np.arcsin(r)) - 2 / np.pi) / (1 - 2 / np.pi)
    values = _autoregressive(0.8, 400, 60, 1)
    walks = np.concatenate([np.zeros((400, 1)), values.cumsum(axis=1)], axis=1)
    found = autocorrelation(walks, lags=4, of="absolute increments", bootstrap=Bootstrap(level=0.99))
    assert found.covers(expected[:, None]).all()
    np.testing.assert_allclose(volatility_clustering(walks, 4).value, np.mean(found.value, axis=0), rtol=1e-12)


def test_it_is_a_ratio_of_sums():
    x = np.random.default_rng(2).normal(size=(7, 20))
    away = x - x.mean()
    expected = [np.mean(away[:, :-lag] * away[:, lag:]) / np.mean(away**2) for lag in (1, 2, 3)]
    found = autocorrelation(x, 3, of="values", bootstrap=Bootstrap(draws=2))
    np.testing.assert_allclose(found.value[:, 0], expected, rtol=1e-10)


def test_pairs_with_missing_values_are_left_out():
    values = _autoregressive(0.7, 400, 50, 3)
    gappy = np.where(np.random.default_rng(4).random(values.shape) < 0.3, np.nan, values)
    found = autocorrelation(gappy, 3, of="values", bootstrap=Bootstrap(level=0.99))
    assert found.covers(0.7 ** np.arange(1, 4)[:, None]).all()


def test_volatility_that_changes_slowly_clusters_and_noise_does_not():
    noise = np.random.default_rng(5).normal(size=(300, 40))
    assert volatility_clustering(noise.cumsum(axis=1))[0].covers(0.0)
    wild = noise * np.repeat([1.0, 3.0], 150)[:, None]
    # The variance of the sizes' means, 1, against their whole variance, 5 (1 - 2 / pi) + 2 / pi.
    assert volatility_clustering(wild.cumsum(axis=1))[0].covers(2 / np.pi / (5 - 4 * 2 / np.pi))


def test_leverage_has_the_sign_of_what_follows():
    """`s` is 2 after a fall and 1 after a rise: `corr(x_t, x_{t+1}^2)` follows from its four moments."""
    noise = np.random.default_rng(6).normal(size=(400, 60))
    steps = noise.copy()
    for t in range(1, 60):
        steps[:, t] *= np.where(steps[:, t - 1] < 0, 2.0, 1.0)
    walks = np.concatenate([np.zeros((400, 1)), steps.cumsum(axis=1)], axis=1)
    found = leverage(walks, 3)
    # Half of the days has s = 1, half s = 2: E|x| = 1.5 sqrt(2/pi), Var x = 2.5, E x^4 = 3 (1 + 16) / 2.
    expected = (1 - 4) / 2 * 1.5 * np.sqrt(2 / np.pi) / np.sqrt(2.5 * (25.5 - 2.5**2))
    np.testing.assert_allclose(found.value[0, 0], expected, atol=0.02)
    assert found[1, 0].covers(0.0)


def test_too_many_lags_are_refused():
    with pytest.raises(DataError, match="9 rows"):
        autocorrelation(np.zeros((3, 10)), 9)
    with pytest.raises(DataError, match="lags"):
        autocorrelation(np.zeros((3, 10)), 0)
