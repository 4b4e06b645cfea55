"""Plots of densities contain what they are given."""

import numpy as np
import pytest

from nde.plot import Density, plot_density
from nde.plot.density import _highest

X, Y = np.linspace(-4.0, 4.0, 41), np.linspace(-3.0, 3.0, 31)
VALUES = np.exp(-(X**2 + Y[:, None] ** 2) / 2)
POINTS = np.random.default_rng(0).normal(size=(50, 2))


def test_each_density_has_a_panel_with_its_values_and_points():
    figure = plot_density([Density("plain", X, Y, VALUES), *[Density("dots", X, Y, VALUES, POINTS)] * 4], ("a", "b"))
    assert [panel.get_title(loc="left") for panel in figure.axes] == ["plain", *["dots"] * 4]
    first, *others = figure.axes
    np.testing.assert_array_equal(first.collections[0].get_array(), VALUES)
    assert len(first.collections) == 1
    assert first.get_xlabel() == "a"
    for panel in others:
        np.testing.assert_allclose(panel.collections[1].get_offsets(), POINTS)


def test_a_single_peak_does_not_pale_the_rest():
    spoiled = VALUES.copy()
    spoiled[15, 20] = 10.0
    assert _highest(VALUES) == pytest.approx(1.0, abs=0.05)
    assert _highest(np.where(VALUES > 0, 0.0, 0.0)) == 1.0
    assert plot_density([Density("a", X, Y, VALUES)]).axes[0].collections[0].get_clim()[1] == _highest(VALUES)
