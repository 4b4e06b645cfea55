"""Frequencies at the start of training."""

import numpy as np
import pytest

import nde
from nde.estimators.frequencies import initial_frequencies


def test_those_of_the_season_come_first():
    ts = 0.5 * np.arange(40)
    waves = [np.sin(2 * np.pi * np.arange(40) / 8 + phase) for phase in range(5)]
    panel = nde.TimeSeries.from_arrays(waves, [ts] * 5)
    found = initial_frequencies(panel, unit=20.0, count=8)
    # A period of eight rows takes four units, and the unit is twenty.
    assert found[:3] == pytest.approx((5.0, 10.0, 15.0))
    assert len(found) == 8
    assert found[3:] == pytest.approx(np.geomspace(0.5, 10.0, 5))


def test_without_a_season_they_are_spread_over_those_that_rows_resolve():
    panel = nde.TimeSeries.from_arrays([np.random.default_rng(0).normal(size=32).cumsum()])
    assert initial_frequencies(panel, unit=31.0, count=4) == pytest.approx(np.geomspace(0.5, 31 / 4, 4))
