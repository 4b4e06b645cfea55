"""Channels of mean 0 and deviation 1: of what, and back."""

import dataclasses
import json

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import nde
from nde.data import DataError, Normalization, with_time
from tests.data.panel.made import ragged

NAN = np.nan


def test_mean_and_deviation_of_what_was_observed():
    panel = nde.TimeSeries.from_arrays([[[1.0, NAN], [NAN, 2.0]], [[3.0, 6.0], [5.0, NAN]]])
    normalization = Normalization.fit(panel)
    assert normalization.center == (3.0, 4.0)
    np.testing.assert_allclose(normalization.scale, [np.sqrt(8 / 3), 2.0])
    ys = normalization.apply(panel).ys
    np.testing.assert_allclose(np.nanmean(ys, axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(np.nanstd(ys, axis=0), 1.0)


def test_only_what_it_is_fitted_to_counts():
    panel = ragged(series=20)
    other = dataclasses.replace(panel, ys=np.where(panel.owners[:, None] < 15, panel.ys, 100 * panel.ys + 7))
    assert Normalization.fit(panel[:15], times=True) == Normalization.fit(other[:15], times=True)
    assert Normalization.fit(panel) != Normalization.fit(other)
    part = Normalization.fit(panel[:15]).apply(panel)[15:]
    np.testing.assert_array_equal(part.ys, Normalization.fit(other[:15]).apply(panel[15:]).ys)


def test_back_to_the_data_with_gaps():
    panel = ragged(series=20, channels=3)
    normalization = Normalization.fit(panel)
    back = normalization.invert(normalization.apply(panel).ys)
    np.testing.assert_array_equal(np.isnan(back), np.isnan(panel.ys))
    np.testing.assert_allclose(back, panel.ys, rtol=1e-14, atol=1e-14)


def test_back_of_some_channels_and_of_arrays_of_jax():
    panel = nde.TimeSeries.from_arrays([[[0.0, 10.0], [2.0, 30.0]]], channels=["x", "y"])
    normalization = Normalization.fit(panel)
    np.testing.assert_allclose(normalization.invert(np.array([[1.0]]), ["y"]), [[30.0]])
    values = normalization.invert(jnp.array([[[-1.0, 1.0]]]))
    assert isinstance(values, jnp.ndarray)
    np.testing.assert_allclose(values, [[[0.0, 30.0]]])
    with pytest.raises(DataError, match="no channel 'z'"):
        normalization.invert(np.zeros((1, 1)), ["z"])
    with pytest.raises(DataError, match=r"of shape \(3, 1\) for 2 channels"):
        normalization.invert(np.zeros((3, 1)))


@pytest.mark.parametrize("value", [0.1, 0.0, -1e8, 1e-300])
def test_a_constant_is_not_scaled(value: float):
    panel = nde.TimeSeries.from_arrays([np.full(2, value), np.full(1, value)])
    normalization = Normalization.fit(panel)
    assert (normalization.center, normalization.scale) == ((value,), (1.0,))
    np.testing.assert_array_equal(normalization.apply(panel).ys, np.zeros((3, 1)))


def test_a_channel_that_was_never_observed():
    panel = nde.TimeSeries.from_arrays([[[1.0, NAN], [2.0, NAN]]])
    normalization = Normalization.fit(panel)
    assert (normalization.center[1], normalization.scale[1]) == (0.0, 1.0)
    assert np.isnan(normalization.apply(panel).ys[:, 1]).all()


def test_static_features():
    panel = nde.TimeSeries.from_arrays(np.zeros((3, 2, 1)), static=[[30.0, 1.0], [40.0, 1.0], [50.0, 1.0]])
    static = Normalization.fit(panel).apply(panel).static
    np.testing.assert_allclose(static[:, 0], np.array([-1, 0, 1]) * np.sqrt(1.5))
    np.testing.assert_array_equal(static[:, 1], [0, 0, 0])


def test_times_are_scaled_if_asked_and_dates_come_back():
    days = pd.to_datetime(["2020-01-01", "2020-01-11", "2020-05-01", "2020-05-06"])
    frame = pd.DataFrame({"who": ["a", "a", "b", "b"], "day": days, "x": [1.0, 2.0, 3.0, 4.0]})
    panel = nde.TimeSeries.from_frame(frame, "who", "day", since="2019-12-31")
    np.testing.assert_array_equal(Normalization.fit(panel).apply(panel).ts, panel.ts)
    scaled = Normalization.fit(panel, times=True).apply(panel)
    np.testing.assert_allclose(scaled.ts, [0.0, 1.0, 12.1, 12.6])
    twice = Normalization.fit(scaled, times=True).apply(scaled)
    for each in (scaled, twice):
        np.testing.assert_array_equal(each.clock.restore(each[1].ts, series=1), days[2:].to_numpy())


def test_times_of_single_rows_are_only_moved():
    panel = nde.TimeSeries.from_arrays([[1.0], [2.0]], [[5.0], [7.0]])
    np.testing.assert_array_equal(Normalization.fit(panel, times=True).apply(panel).ts, [0, 2])


def test_through_a_file_and_back():
    normalization = Normalization.fit(ragged(), times=True)
    assert Normalization.from_dict(json.loads(json.dumps(normalization.to_dict()))) == normalization
    with pytest.raises(DataError, match="Got a normalization with entries center"):
        Normalization.from_dict({"center": [0.0]})


def test_another_panel():
    panel = ragged()
    with pytest.raises(DataError, match="with channels time, x0, x1; this normalization was fitted to channels x0, x1"):
        Normalization.fit(panel).apply(with_time(panel))
    with pytest.raises(DataError, match="with 0 static features; this normalization was fitted to 1"):
        Normalization.fit(panel).apply(nde.TimeSeries.from_arrays(np.zeros((1, 1, 2))))
