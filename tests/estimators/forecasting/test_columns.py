"""Columns of tables of other libraries."""

import numpy as np
import pandas as pd

from nde.estimators.forecasting.columns import columns_of

DAYS = pd.date_range("2024-01-01", periods=4, name="day")


def test_a_dataset_of_xarray_has_its_dates():
    import xarray

    variables = {"x": ("day", [1.0, 2.0, np.nan, 4.0]), "y": ("day", [5, 6, 7, 8])}
    times, names, ys = columns_of(xarray.Dataset(variables, coords={"day": DAYS, "site": "a"}))
    assert names == ["x", "y"]
    pd.testing.assert_index_equal(times, DAYS, exact="equiv", check_names=False)
    np.testing.assert_array_equal(ys, [[1, 5], [2, 6], [np.nan, 7], [4, 8]])


def test_a_series_is_a_column():
    times, names, ys = columns_of(pd.Series([1, 2, 3, 4], index=DAYS, name=7))
    assert (names, ys.shape) == (["7"], (4, 1))
    pd.testing.assert_index_equal(times, DAYS)
