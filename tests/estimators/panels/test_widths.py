"""Widths of intervals: what scores of the past ask for, how many they count as, and how they grow."""

import numpy as np
import pytest
from scipy.stats import norm, t

from nde.estimators.panels.widths import PastScores, Widths

NEAR = np.ones(1)


def scores_of(values: np.ndarray) -> PastScores:
    """The scores of values of shape `(series, points, places)`, each a typical spacing further."""
    series, points, places = (each.ravel() for each in np.indices(values.shape))
    return PastScores(values.ravel(), series, points, places, 1.0 + places)


def test_without_a_past_intervals_are_wider_than_the_method_says():
    assert Widths().at(0.8, NEAR)[0] > norm.ppf(0.9)


def test_widths_follow_what_was_seen_the_more_the_more_there_was():
    seen = tuple(np.linspace(0.0, 3.0, 201).tolist())
    assert Widths(seen, 10_000.0).at(0.8, NEAR)[0] == pytest.approx(2.4, rel=0.01)
    few, none = Widths(tuple(np.linspace(0.0, 1.0, 201).tolist()), 5.0), Widths()
    assert 0.8 < few.at(0.8, NEAR)[0] < none.at(0.8, NEAR)[0]


def test_few_scores_have_the_quantiles_of_a_t_distribution():
    """The share of the typical width does not depend on the level, so that it cancels."""
    widths = Widths((1.0,) * 9, 9.0)
    ratio = np.log(widths.at(0.95, NEAR)[0] / widths.at(0.8, NEAR)[0])
    share = 9 / 14
    students = [t.ppf(level, 9) / norm.ppf(level) for level in (0.9, 0.975)]
    expected = share * np.log(students[1] / students[0]) + (1 - share) * np.log(norm.ppf(0.975) / norm.ppf(0.9))
    assert ratio == pytest.approx(expected, rel=1e-6)


def test_independent_scores_count_as_they_are():
    scores = scores_of(np.random.default_rng(0).normal(size=(60, 3, 4)))
    assert scores.effective_count == pytest.approx(720, rel=0.05)


def test_scores_that_all_series_share_count_once():
    random = np.random.default_rng(0)
    shared = np.repeat(random.normal(size=(1, 3, 1)), 100, axis=0)
    assert scores_of(shared).effective_count == pytest.approx(3.0)


def test_equally_correlated_scores_count_as_the_variance_of_their_mean_square_says():
    """Compared with the definition, by simulation."""
    random, share, series = np.random.default_rng(0), 0.5, 20
    shared, own = random.normal(size=(1, 4000, 1)), random.normal(size=(series, 4000, 1))
    values = np.sqrt(share) * shared + np.sqrt(1 - share) * own
    variance = (values**2).mean(axis=0).var()
    assert scores_of(values).effective_count / 4000 == pytest.approx(2 / variance, rel=0.15)


def test_widths_grow_where_scores_do():
    far = 1.0 + np.arange(4)
    random = np.random.default_rng(0).normal(size=(4000, 1, 4))
    widths = Widths.of(scores_of(random * far**0.7))
    assert widths.growth == pytest.approx(0.7, abs=0.05)
    near, further = widths.at(0.8, np.array([1.0, 8.0]))
    assert further / near == pytest.approx(8**widths.growth)
    assert np.ptp(widths.at(0.8, np.array([16.0, 1000.0]))) == 0
    assert Widths.of(scores_of(random / far)).growth == 0


def test_a_few_series_that_hardly_moved_do_not_widen_all_intervals_without_end():
    values = np.full((100, 1, 1), 0.5)
    values[70:] = 400.0
    assert Widths.of(scores_of(values)).at(0.8, NEAR)[0] < 10 * norm.ppf(0.9)


def test_scores_that_are_not_finite_do_not_count():
    values = np.random.default_rng(0).normal(size=(30, 1, 2))
    more = np.concatenate([values, np.full((5, 1, 2), np.nan)])
    assert Widths.of(scores_of(more)) == Widths.of(scores_of(values))
    assert Widths.of(scores_of(np.full((5, 1, 2), np.nan))) == Widths()
