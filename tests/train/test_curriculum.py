"""The length curriculum."""

import jax
import numpy as np
import pytest

import nde
from nde.data import pad
from nde.train import LengthCurriculum


def test_shares_grow_in_stages_to_the_whole():
    shares = [LengthCurriculum(start=0.25, stages=3, until=0.6).share(done, 100) for done in range(100)]
    assert sorted(set(shares)) == [0.25, 0.5, 0.75, 1.0]
    assert shares == sorted(shares)
    assert shares.index(1.0) == 60


def test_cutting_a_batch_is_cutting_its_series():
    series = [np.arange(20.0), np.arange(3.0)]
    batch = LengthCurriculum().cut(pad(nde.TimeSeries.from_arrays(series)), 0.25)
    short = pad(nde.TimeSeries.from_arrays([series[0][:5], series[1]]))
    for x, y in zip(jax.tree.leaves(batch), jax.tree.leaves(short), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("changes", [{"start": 0.0}, {"until": 1.5}, {"stages": 0}])
def test_numbers_out_of_range_are_rejected(changes):
    with pytest.raises(ValueError, match=f"{next(iter(changes))} must be"):
        LengthCurriculum(**changes)
