"""Intervals of many series are as wide as the past asks for, within reason."""

import pytest
from scipy.stats import norm

from nde.estimators.panels.comparison import width


def test_widths_are_those_of_the_scores_of_the_past():
    scores = sorted(abs(norm.ppf((place + 0.5) / 2000)) * 1.5 for place in range(2000))
    assert width(scores, 2000, 0.8) == pytest.approx(1.5 * norm.ppf(0.9), rel=0.02)
    assert width([], 0, 0.8) == pytest.approx(norm.ppf(0.9))


def test_a_few_series_that_hardly_moved_do_not_widen_all_intervals_without_end():
    scores = sorted([0.5] * 70 + [40.0] * 30)
    assert width(scores, 100, 0.8) < 2.5 * norm.ppf(0.9)
