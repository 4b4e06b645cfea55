"""Padding of batches."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde.data import DataError, pad, with_intensities, with_time
from tests.data.panel.made import ragged


def test_by_hand():
    panel = nde.TimeSeries.from_arrays([[[1.0, np.nan], [2.0, 5.0]], [[3.0, 7.0]]], [[0.0, 0.5], [4.0]], targets=[1, 0])
    batch = pad(panel, length=4)
    np.testing.assert_array_equal(batch.ts, [[0, 0.5, 1, 1.5], [4, 5, 6, 7]])
    np.testing.assert_array_equal(batch.ys[..., 0], [[1, 2, np.nan, np.nan], [3, np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(batch.ys[..., 1], [[np.nan, 5, np.nan, np.nan], [7, np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(batch.lengths, [2, 1])
    np.testing.assert_array_equal(batch.targets, [1, 0])
    np.testing.assert_array_equal(batch.index, [0, 1])
    np.testing.assert_array_equal(batch.weights, [1, 1])
    assert batch.static.shape == (2, 0)


@pytest.mark.parametrize("length", [None, 9, 40])
def test_what_is_its_own_and_what_is_padding(length: int | None):
    panel = with_time(with_intensities(ragged(series=30)))
    batch = pad(panel, length)
    assert batch.ts.shape == (30, length or int(panel.lengths.max()))
    assert (np.diff(batch.ts, axis=1) > 0).all()
    for place, series in enumerate(panel):
        own = len(series.ts)
        np.testing.assert_array_equal(batch.ts[place, :own], series.ts.astype(np.float32))
        np.testing.assert_array_equal(batch.ys[place, :own], series.ys.astype(np.float32))
        assert np.isnan(batch.ys[place, own:]).all()
        if 1 < own < batch.ts.shape[1]:
            steps = np.diff(batch.ts[place])
            np.testing.assert_allclose(steps[own - 1 :], steps[own - 2], rtol=1e-3)
    np.testing.assert_array_equal(batch.static, panel.static.astype(np.float32))


@pytest.mark.parametrize("start", [0.0, -1000.0, 1.0, 16_777_000.0])
@pytest.mark.parametrize("step", [1e-12, 1e-7, 2.0])
def test_times_increase_wherever_they_are(start: float, step: float):
    """At 16 777 216 the distance of two numbers of single precision goes from 1 to 2."""
    ts = start + np.array([0.0, 1.0, 2.0, 2.0 + max(step, 2.0 * np.spacing(np.float32(abs(start) + 2)))])
    batch = pad(nde.TimeSeries.from_arrays([np.ones(4), np.ones(1)], [ts, ts[:1]]), length=400)
    assert (np.diff(batch.ts, axis=1) > 0).all()


def test_times_that_single_precision_cannot_tell_apart():
    panel = nde.TimeSeries.from_arrays([[1.0, 2.0]], [[1.7e9, 1.7e9 + 60.0]], ids=["a"])
    with pytest.raises(DataError, match=r"In float32 .* of series 'a' are the same. Count times since the start"):
        pad(panel)
    assert pad(nde.TimeSeries.from_arrays([[1.0, 2.0]], [[1.7e9, 1.7e9 + 60.0]], since="series")).ts[0, 1] == 60


def test_a_length_that_does_not_hold_the_longest():
    with pytest.raises(DataError, match="longest series, 3 rows; got 2"):
        pad(nde.TimeSeries.from_arrays([[1.0, 2.0, 3.0]]), length=2)


def test_values_that_single_precision_does_not_hold():
    with pytest.raises(DataError, match=r"Channel 'x1' has values beyond 3.4e\+38"):
        pad(nde.TimeSeries.from_arrays([[[1.0, 1e39]]]))


def test_labels_that_are_no_numbers():
    panel = nde.TimeSeries.from_arrays([[1.0], [2.0], [3.0]], targets=["b", "a", "b"])
    with pytest.raises(DataError, match="Targets have dtype <U1"):
        pad(panel)
    _, codes = np.unique(panel.targets, return_inverse=True)
    np.testing.assert_array_equal(pad(dataclasses.replace(panel, targets=codes)).targets, [1, 0, 1])


def test_targets_may_have_more_axes():
    panel = nde.TimeSeries.from_arrays([[1.0], [2.0]], targets=[[1.0, 2.0], [3.0, 4.0]])
    assert pad(panel).targets.shape == (2, 2)


def test_a_batch_goes_through_transformations_of_jax():
    batch = pad(ragged())
    lasts = jax.jit(jax.vmap(lambda one: one.ts[one.lengths - 1]))(batch)
    np.testing.assert_array_equal(lasts, jnp.array([series.ts[-1] for series in ragged()]))
