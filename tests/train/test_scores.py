"""Errors and baselines, against hand computations."""

import numpy as np
import pytest

from nde.data import Table
from nde.train import mean, persistence, rmse

TABLE = Table("t", ("x", "y"), np.arange(5.0), np.array([[1, 2], [3, np.nan], [5, 6], [7, 8], [np.nan, 10]]))


def test_persistence_repeats_the_last_observed_value():
    np.testing.assert_array_equal(persistence(TABLE, np.array([5.0, 6.0])), [[7, 10], [7, 10]])


def test_mean_averages_the_observed_values():
    np.testing.assert_array_equal(mean(TABLE, np.array([5.0])), [[4, 6.5]])


def test_missing_values_do_not_count():
    errors = rmse(TABLE, np.nan_to_num(TABLE.ys) + np.array([[3.0, 4.0]]))
    assert errors["x"] == pytest.approx(3.0)
    assert errors["y"] == pytest.approx(4.0)
    assert errors["all"] == pytest.approx(np.sqrt(12.5))


def test_the_error_of_no_values_is_nan():
    _, holdout = Table("t", ("x",), np.arange(6.0), np.r_[np.arange(5.0), np.nan][:, None]).split(1)
    assert np.isnan(rmse(holdout, np.zeros((1, 1)))["all"])
