"""Splits of tables, and the data set that comes with the package."""

import numpy as np
import pytest

from nde.data import DataError, Table, load_lynx_hare


def test_the_last_rows_are_held_out():
    fitted, holdout = load_lynx_hare().split(5)
    np.testing.assert_array_equal(fitted.ts, np.arange(1900, 1916))
    np.testing.assert_array_equal(holdout.ts, np.arange(1916, 1921))
    np.testing.assert_array_equal(holdout.ys[-1], [24.7, 8.6])


def test_nothing_held_out():
    table = load_lynx_hare()
    assert table.split(0) == (table, None)


@pytest.mark.parametrize("holdout", [-1, 17, 100])
def test_too_much_or_less_than_nothing_held_out(holdout: int):
    with pytest.raises(DataError, match=f"Got {holdout} rows to hold out of 21; choose between 0 and 16"):
        load_lynx_hare().split(holdout)


def test_few_rows_and_gaps_may_be_held_out():
    ys = np.arange(7.0)[:, None]
    ys[-1] = np.nan
    _, holdout = Table("t", ("x",), np.arange(7.0), ys).split(1)
    assert np.isnan(holdout.ys).all()


def test_a_column_that_is_empty_where_it_is_fitted():
    ys = np.full((7, 1), np.nan)
    ys[-1] = 1.0
    with pytest.raises(DataError, match="'x' is empty in all 6 rows"):
        Table("t", ("x",), np.arange(7.0), ys).split(1)
