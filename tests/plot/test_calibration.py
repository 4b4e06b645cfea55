"""The plot of how often confident predictions are right."""

import numpy as np
import pytest

from nde.plot import plot_calibration
from nde.plot.calibration import calibration_groups


def test_groups_have_the_share_of_correct_predictions():
    confidence = np.repeat([0.5, 0.7, 0.9], 40)
    correct = np.concatenate([np.arange(40) < count for count in (20, 20, 40)])
    figure = plot_calibration(confidence, correct)
    (points,) = figure.axes[0].containers
    x, y, error = calibration_groups(confidence, correct)
    np.testing.assert_array_equal(np.stack(points.lines[0].get_data()), [x, y])
    assert len(x) == 10
    np.testing.assert_allclose(np.average(y), correct.mean())
    assert np.average(y[x < 0.55]) == pytest.approx(0.5, abs=0.2)
    assert y[-3:].tolist() == [1, 1, 1]
    assert error[-3:].tolist() == [0, 0, 0]


def test_few_series_are_one_group():
    x, y, error = calibration_groups(np.array([0.6, 0.8]), np.array([True, False]))
    np.testing.assert_allclose([x, y, error], [[0.7], [0.5], [np.sqrt(0.25 / 2)]])
    with pytest.raises(ValueError, match="series must not be empty"):
        plot_calibration(np.zeros(0), np.zeros(0, bool))
