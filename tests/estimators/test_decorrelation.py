"""The decorrelation time of series."""

import numpy as np
import pytest

import nde
from nde.estimators.decorrelation import decorrelation_time


def test_for_a_wave_it_is_a_sixth_of_a_period():
    """Increments over a lag `l` have the mean square `2 V (1 - cos(w l))`, which is `V` at `w l = π / 3`."""
    ts = np.linspace(0.0, 20.0, 801)
    phases = np.linspace(0.0, 2 * np.pi, 40, endpoint=False)
    panel = nde.TimeSeries.from_arrays(np.sin(3.0 * ts + phases[:, None]), ts)
    assert decorrelation_time(panel) == pytest.approx(np.pi / 9, abs=0.03)


def test_for_constant_series_it_is_their_duration_and_missing_values_and_constant_channels_do_not_matter():
    ts = np.linspace(2.0, 7.0, 50)
    still = nde.TimeSeries.from_arrays(np.broadcast_to(np.arange(6.0)[:, None], (6, 50)).copy(), ts)
    assert decorrelation_time(still) == pytest.approx(5.0)
    random = np.random.default_rng(0)
    waves = np.sin(3.0 * ts + random.uniform(0, 6, (30, 1)))
    whole = decorrelation_time(nde.TimeSeries.from_arrays(waves, ts))
    waves[random.random(waves.shape) < 0.3] = np.nan
    both = np.stack([waves, np.ones_like(waves)], axis=-1)
    assert decorrelation_time(nde.TimeSeries.from_arrays(both, ts)) == pytest.approx(whole, abs=0.11)
