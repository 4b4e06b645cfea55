"""Distributions of forecasts agree with those of SciPy."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import lognorm, norm

from nde.estimators.forecasting.distribution import Average, Mixture, normal

CENTER, SPREAD = np.array([0.3, 1.0]), np.array([0.5, 0.1])


def mixture() -> Mixture:
    return Mixture(np.array([[0.0, 1.0], [2.0, 1.0]]), np.array([[1.0, 0.5], [0.5, 3.0]]), np.array([0.3, 0.7]))


@pytest.mark.parametrize("level", [0.1, 0.5, 0.975])
def test_quantiles_are_normal_or_log_normal(level):
    np.testing.assert_allclose(normal(CENTER, SPREAD).quantile(level), norm(CENTER, SPREAD).ppf(level))
    logs = normal(CENTER, SPREAD, "log").quantile(level)
    np.testing.assert_allclose(logs, lognorm(SPREAD, scale=np.exp(CENTER)).ppf(level))


@pytest.mark.parametrize("level", [0.02, 0.5, 0.8])
def test_quantiles_of_a_mixture_have_its_probabilities(level):
    of = mixture()
    at = of.quantile(level)
    below = of.weights @ norm(of.center, of.spread).cdf(at)
    np.testing.assert_allclose(below, level, rtol=1e-9)
    np.testing.assert_allclose(of.standardize(at), norm.ppf(level), atol=1e-8)


def test_quantiles_of_an_average_are_averages():
    parts = (mixture(), normal(CENTER, SPREAD, "log").widen(2.0))
    of = Average(parts, (0.25, 0.75)).widen(1.3)
    score = 1.3 * norm.ppf(0.9)
    expected = 0.25 * parts[0].at(score) + 0.75 * parts[1].at(2 * score)
    np.testing.assert_allclose(of.quantile(0.9), expected)
    np.testing.assert_allclose(of.median, 0.25 * parts[0].median + 0.75 * np.exp(CENTER))
    np.testing.assert_allclose(of.standardize(of.quantile(0.9)), norm.ppf(0.9), rtol=1e-6)


def test_scores_are_in_standard_deviations():
    distribution = normal(np.array([0.0, 0.0]), np.array([2.0, 0.5]), "log")
    np.testing.assert_allclose(distribution.standardize(np.array([np.e, -1.0])), [0.5, np.nan])
    np.testing.assert_allclose(distribution.widen(2.0).standardize(np.array([np.e, 1.0])), [0.25, 0.0])
    np.testing.assert_allclose(normal(CENTER, SPREAD).deviation, SPREAD)


def test_the_score_of_a_distribution_is_the_integral_of_its_squared_error():
    """By the definition of the continuous ranked probability score."""
    ys = np.array([0.1, 2.0])
    found = mixture().crps(ys)
    of = mixture()
    for place, y in enumerate(ys):

        def below(at: float, place: int = place) -> float:
            return float(of.weights @ norm(of.center[:, place], of.spread[:, place]).cdf(at))

        left = quad(lambda at: below(at) ** 2, -20, y)[0]
        right = quad(lambda at: (1 - below(at)) ** 2, y, 20)[0]
        assert found[place] == pytest.approx(left + right, rel=0.01)
