"""The laws of the experiment are what they are said to be, and a flow learns one."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from experiments.densities import STEPS_OF, learned, parts
from experiments.laws_of_points import checkerboard, eight_gaussians, pinwheel, two_moons


def drawn(law, count=20_000):
    return law(count, np.random.default_rng(0))


def test_a_checkerboard_is_uniform_on_every_other_square():
    column, row = np.floor((drawn(checkerboard) + 4.0) / 2.0).astype(int).T
    counts = np.zeros((4, 4))
    np.add.at(counts, (column, row), 1)
    white = np.add.outer(np.arange(4), np.arange(4)) % 2 == 0
    assert counts[~white].sum() == 0
    np.testing.assert_allclose(counts[white] / 20_000, 1 / 8, atol=0.01)


def test_eight_gaussians_have_the_moments_of_their_mixture():
    points = drawn(eight_gaussians)
    np.testing.assert_allclose(points.mean(axis=0), 0.0, atol=0.06)
    np.testing.assert_allclose(np.cov(points.T), (2.8**2 / 2 + 0.35**2) * np.eye(2), atol=0.1)


def test_moons_and_arms_lie_where_they_are_said_to():
    x, y = (drawn(two_moons) / 2.0).T
    upper, lower = np.hypot(x + 0.5, y + 0.25), np.hypot(x - 0.5, y - 0.25)
    assert np.minimum(abs(upper - 1), abs(lower - 1)).max() < 0.5
    turned = drawn(pinwheel)
    angle = np.arctan2(*turned.T[::-1]) - 0.25 * np.exp(np.hypot(*turned.T) / 2.0)
    assert np.abs(np.exp(5j * angle).mean()) > 0.8


@pytest.mark.slow
def test_a_flow_of_a_law_integrates_to_one_and_is_as_likely_as_the_law_itself(monkeypatch):
    """Beside the law's own density, which no model's mean over many points exceeds by much."""
    monkeypatch.setattr("experiments.densities.FLOW", {"width": 64, "depth": 3, "learning_rate": 1e-2})
    monkeypatch.setitem(STEPS_OF, "eight Gaussians", 4000)
    found = learned("eight Gaussians", quick=False)
    angles = np.pi / 4 * np.arange(8)
    centers = 2.8 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    _, test = parts("eight Gaussians")
    exact = np.log(np.mean([multivariate_normal(c, 0.35**2).pdf(test) for c in centers], axis=0)).mean()
    assert exact - 0.1 < found["flow"] < exact + 0.02
    assert found["integral"] == pytest.approx(1.0, abs=0.01)
