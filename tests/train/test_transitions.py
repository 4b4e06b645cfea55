"""Pairs of measurements, computed by hand."""

import numpy as np
import pytest

from nde.data import DataError, Series
from nde.models import Scaling
from nde.train import Transitions

NAN = np.nan
PLAIN = Scaling(t0=0.0, unit=1.0, log=False, center=(0.0, 0.0), scale=(1.0, 1.0))
ONE = Series("t", ("x", "y"), np.array([0.0, 1, 3, 4]), np.array([[1, 5], [2, NAN], [NAN, 6], [4, 7]], float))
TWO = Series("t", ("x", "y"), np.array([10.0, 12.0]), np.array([[8, 9], [8.5, 9.5]]))


def test_each_column_pairs_its_own_consecutive_measurements():
    pairs = Transitions.of([ONE, TWO], PLAIN, coupled=False)
    rows = sorted(zip(pairs.gaps, *pairs.before.T, *pairs.after.T, *pairs.known.T, pairs.second, strict=True))
    assert rows == [
        (1.0, 0.0, 6.0, 0.0, 7.0, False, True, 3),
        (1.0, 1.0, 0.0, 2.0, 0.0, True, False, 1),
        (2.0, 8.0, 9.0, 8.5, 9.5, True, True, 1),
        (3.0, 0.0, 5.0, 0.0, 6.0, False, True, 2),
        (3.0, 2.0, 0.0, 4.0, 0.0, True, False, 3),
    ]
    assert pairs.values == 6


def test_coupled_columns_need_complete_rows():
    pairs = Transitions.of([ONE, TWO], PLAIN, coupled=True)
    np.testing.assert_array_equal(pairs.gaps, [4, 2])
    np.testing.assert_array_equal(pairs.after, [[4, 7], [8.5, 9.5]])


def test_tables_without_pairs_are_rejected():
    gappy = Series("t", ("x", "y"), np.arange(4.0), np.array([[1, NAN], [NAN, 2], [3, NAN], [NAN, 4]]))
    assert Transitions.of([gappy], PLAIN, coupled=False).values == 2
    with pytest.raises(DataError, match="two complete rows"):
        Transitions.of([gappy], PLAIN, coupled=True)
    single = Series("t", ("x", "y"), np.arange(2.0), np.array([[1, NAN], [2, 2]]))
    with pytest.raises(DataError, match="two measurements of 'y'"):
        Transitions.of([single], PLAIN, coupled=False)


def test_a_random_walk_needs_few_substeps_and_fast_reversion_many():
    random = np.random.default_rng(0)
    ts = np.arange(400.0)
    walk = Series("t", ("x",), ts, np.cumsum(random.normal(size=400))[:, None] + np.arange(400.0)[:, None])
    noise = Series("t", ("x",), ts, random.normal(size=(400, 1)))
    steps = [Transitions.of([t], Scaling.of_series([t]), coupled=False).substeps() for t in (walk, noise)]
    assert steps[0] <= 3
    assert steps[1] == 64
