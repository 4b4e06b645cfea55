"""Plots of generated series."""

import numpy as np
import pytest

import nde
from nde.plot import plot_generated


def test_all_panels_are_drawn_of_irregular_series_with_gaps(tmp_path):
    random = np.random.default_rng(0)
    ts = np.sort(random.random((30, 15)), axis=1) * 5.0
    ys = random.normal(size=(30, 15, 2)).cumsum(axis=1)
    ys[random.random(ys.shape) < 0.2] = np.nan
    real = nde.TimeSeries.from_arrays(ys, ts, channels=["a", "b"])
    figure = plot_generated(real, random.normal(size=(40, 6, 2)).cumsum(axis=1), channel="b", paths=10)
    figure.savefig(tmp_path / "generated.png")
    paths, generated, *_ = figure.axes
    assert len(paths.lines) == len(generated.lines) == 10
    assert paths.get_ylabel() == "b"
    assert len(figure.axes) == 6
    assert all(axes.has_data() for axes in figure.axes)


def test_a_channel_that_is_not_there_is_refused():
    walks = np.random.default_rng(0).normal(size=(10, 8)).cumsum(axis=1)
    with pytest.raises(ValueError, match="must be one of x0, or an index below 1; got 'price'"):
        plot_generated(walks, walks, channel="price")


@pytest.mark.parametrize("rows", [[8], [0, 8], list(range(9))], ids=["the last", "both ends", "all"])
def test_a_channel_may_have_no_value_at_some_rows(rows):
    ys = np.random.default_rng(0).normal(size=(12, 9, 2))
    ys[:, rows, 1] = np.nan
    panel = nde.TimeSeries.from_arrays(ys, np.arange(9.0))
    figure = plot_generated(panel, panel, channel=1)
    assert len(figure.axes) == 6
    assert figure.axes[3].has_data() == (len(rows) < 9)
