"""Plots contain what they are given."""

import numpy as np
import pytest

from nde.data import Fan, Table, load_lynx_hare
from nde.plot import plot_fan, plot_forecast, plot_phase, plot_training

FITTED, HOLDOUT = load_lynx_hare().split(5)
CURVE = (np.linspace(1900, 1920, 30), np.random.default_rng(0).uniform(5, 60, (30, 2)))


def lines_of(figure) -> list[np.ndarray]:
    return [line.get_xydata() for axes in figure.axes for line in axes.get_lines()]


def has_line(figure, x: np.ndarray, y: np.ndarray) -> bool:
    expected = np.stack([x, y], axis=1)
    return any(line.shape == expected.shape and np.allclose(line, expected) for line in lines_of(figure))


def test_forecast_shows_measurements_and_curves_of_each_quantity():
    figure = plot_forecast(FITTED, HOLDOUT, {"model": CURVE})
    assert [axes.get_ylabel() for axes in figure.axes] == ["hare", "lynx"]
    for column in range(2):
        assert has_line(figure, FITTED.ts, FITTED.ys[:, column])
        assert has_line(figure, HOLDOUT.ts, HOLDOUT.ys[:, column])
        assert has_line(figure, CURVE[0], CURVE[1][:, column])


def test_phase_shows_one_quantity_against_the_other():
    figure = plot_phase(FITTED, HOLDOUT, {"model": CURVE})
    assert has_line(figure, *FITTED.ys.T)
    assert has_line(figure, *HOLDOUT.ys.T)
    assert has_line(figure, *CURVE[1].T)


def test_phase_of_one_quantity_is_its_derivative_against_it():
    ts = np.linspace(0, 1, 50)
    table = Table("t", ("x",), ts, np.exp(ts)[:, None])
    assert has_line(plot_phase(table, None, {}), np.exp(ts), np.gradient(np.exp(ts), ts))


@pytest.mark.parametrize("count", [1, 2, 5])
def test_fan_shows_measurements_median_and_bands_of_at_most_three_series(count: int):
    names = [f"series {i}" for i in range(count)]
    ts, random = np.linspace(1915, 1925, 20), np.random.default_rng(0)
    ahead = Fan.of(FITTED.ts, random.uniform(5, 60, (50, len(FITTED.ts), 2)))
    fan = Fan.of(ts, random.uniform(5, 60, (50, 20, 2)))
    figure = plot_fan(*(dict.fromkeys(names, each) for each in (FITTED, HOLDOUT, ahead, fan)))
    assert len(figure.axes) == 2 * min(count, 3)
    assert has_line(figure, ts, fan.median[:, 1])
    assert has_line(figure, FITTED.ts, FITTED.ys[:, 1])
    assert has_line(figure, HOLDOUT.ts, HOLDOUT.ys[:, 0])
    polygons = [area.get_paths()[0].get_extents() for area in figure.axes[0].collections if area.get_paths()]
    assert any(np.isclose(box.y1, fan.quantiles[4, :, 0].max()) for box in polygons)


@pytest.mark.parametrize("holdout", [None, HOLDOUT])
def test_plots_can_be_saved(holdout: Table | None, tmp_path):
    figures = {
        "forecast": plot_forecast(FITTED, holdout, {"a": CURVE, "b": CURVE}),
        "phase": plot_phase(FITTED, holdout, {"a": CURVE, "b": CURVE}),
        "training": plot_training({"a": np.exp(-np.arange(10.0)), "b": np.ones(5)}),
    }
    for name, figure in figures.items():
        figure.savefig(tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
