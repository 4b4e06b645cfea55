"""Fits of structural SDEs: as likely as the truth, and they forecast what is known."""

import jax
import numpy as np

from nde.models import StructuralSDE, fit_structural
from nde.train.likelihood import to_double
from nde.train.quasi_newton import minimize_batch


def test_fits_are_more_likely_than_the_truth_and_than_their_neighbors():
    ts = np.cumsum(np.random.default_rng(0).uniform(0.5, 1.5, 60))
    with jax.enable_x64(True):
        truth = StructuralSDE()
        keys = jax.random.split(jax.random.key(0), 2)
        ys = np.stack([truth.sample(ts, key=key) for key in keys])
        ys[1, 20:30] = np.nan
        for found, own in zip(fit_structural(ts, ys), ys, strict=True):
            fitted = to_double(found.model)
            best = fitted.log_likelihood(ts, own) + fitted.log_prior()
            np.testing.assert_allclose(found.log_posterior, best, rtol=1e-5)
            np.testing.assert_allclose(found.log_likelihood, fitted.log_likelihood(ts, own), rtol=1e-5)
            assert best > truth.log_likelihood(ts, own) + truth.log_prior() - 0.05
            for by in (-0.3, 0.3):
                moved = jax.tree.map(lambda x, by=by: x + by, fitted)
                assert moved.log_likelihood(ts, own) + moved.log_prior() < best + 0.05


def test_a_season_with_a_trend_is_forecast():
    random = np.random.default_rng(0)
    ts = np.arange(84.0)
    truth = 0.03 * ts + np.sin(2 * np.pi * ts / 12) - 1.0
    ys = truth + 0.1 * random.normal(size=84)
    ys[[5, 30, 31]] = np.nan
    (found,) = fit_structural(ts[:72], ys[None, :72], periods=[12.0])
    with jax.enable_x64(True):
        mean, variance = (np.asarray(x) for x in to_double(found.model).predict(ts[:72], ys[:72], ts[72:]))
    assert np.sqrt(np.mean((mean - truth[72:]) ** 2)) < 0.15
    assert np.all(np.abs(ys[72:] - mean) < 3.5 * np.sqrt(variance))


def test_functions_are_minimized_side_by_side():
    """Rosenbrock's valley from two sides, and one that is not finite anywhere."""
    scales = np.array([100.0, 10.0, np.nan])

    def objective(x):
        a, b = x.T
        value = (1 - a) ** 2 + scales * (b - a**2) ** 2
        return value, np.stack([-2 * (1 - a) - 4 * scales * a * (b - a**2), 2 * scales * (b - a**2)], axis=1)

    x, values = minimize_batch(objective, np.array([[-1.2, 1.0], [2.0, 0.0], [0.0, 0.0]]), steps=200, tolerance=1e-12)
    np.testing.assert_allclose(x[:2], 1.0, rtol=1e-3)
    assert np.all(values[:2] < 1e-6)
    assert np.isnan(values[2])
