"""Plots of models of many series contain what they are given."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.dates import date2num

from nde.data import Clock, Fan, Table, Zone
from nde.plot import (
    RunningPrediction,
    Trajectory,
    plot_confusion,
    plot_fan,
    plot_forecast,
    plot_intervals,
    plot_learning,
    plot_predicted,
    plot_running_predictions,
    plot_trajectories,
)
from nde.plot.times import dates_or_numbers, time_label
from tests.plot.test_plot import has_line, lines_of


def test_confusion_writes_each_count_where_it_belongs():
    figure = plot_confusion(np.array([[28, 2], [0, 29]]), ["yes", "no"])
    (panel,) = figure.axes
    written = {text.get_position(): text.get_text() for text in panel.texts}
    assert written == {(0, 0): "28", (1, 0): "2", (1, 1): "29"}
    shares = panel.get_images()[0].get_array()
    np.testing.assert_allclose(shares, [[28 / 30, 2 / 30], [0, 1]])
    assert [label.get_text() for label in panel.get_yticklabels()] == ["yes", "no"]


def test_confusion_of_many_classes_has_no_numbers():
    assert not plot_confusion(np.eye(40, dtype=int), [f"{i}" for i in range(40)]).axes[0].texts


@pytest.mark.parametrize("least", [0.1, -2.0])
def test_learning_shows_losses_their_mean_and_validation(least: float):
    step, random = np.arange(1, 201), np.random.default_rng(0)
    loss = least + random.uniform(size=200)
    validation = np.where(step % 50 == 0, loss + 1, np.nan)
    figure = plot_learning(step, loss, validation, best=150)
    assert has_line(figure, step, loss)
    assert has_line(figure, step[49::50], validation[49::50])
    mean = np.array([loss[max(0, i - 3) : i + 1].mean() for i in range(200)])
    assert has_line(figure, step, mean)
    assert figure.axes[0].get_yscale() == ("log" if least > 0 else "symlog")


def test_learning_without_validation():
    assert len(plot_learning(np.arange(1, 6), np.ones(5)).axes[0].get_lines()) == 2


def test_predicted_shows_a_point_for_each_series():
    truth, predicted = np.random.default_rng(0).normal(size=(2, 10))
    assert has_line(plot_predicted(truth, predicted), truth, predicted)


def running_prediction(outputs: int, rows: int = 8) -> RunningPrediction:
    random, ts = np.random.default_rng(outputs), np.arange(float(rows))
    ys = random.normal(size=(rows, 2))
    ys[2, 0] = np.nan
    return RunningPrediction("a series", ts, ys, ts, random.dirichlet(np.ones(outputs), rows))


@pytest.mark.parametrize("classes", [2, 12])
def test_running_predictions_show_channels_without_gaps_and_each_class(classes: int):
    one, names = running_prediction(classes), [f"class {i}" for i in range(classes)]
    figure = plot_running_predictions([one] * 4, names, ["class 1"] * 4)
    assert len(figure.axes) == 12  # two channels and the probabilities of each of the four
    known = ~np.isnan(one.ys[:, 0])
    assert has_line(figure, one.ts[known], one.ys[known, 0])
    for probability in one.predictions.T:
        assert has_line(figure, one.predicted_at, probability)
    true = [line for line in figure.axes[2].get_lines() if line.get_linewidth() > 2]
    np.testing.assert_array_equal(true[0].get_ydata(), one.predictions[:, 1])
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "class 1" in labels
    assert ("other classes" in labels) == (classes == 12)


def test_running_predictions_of_numbers_share_one_scale():
    figure = plot_running_predictions([running_prediction(1)] * 2, (), [0.5, 7.0], what="age")
    ends = {axes.get_ylim() for axes in figure.axes[2::3]}
    assert len(ends) == 1
    assert ends.pop()[1] > 7
    assert any(np.allclose(line[:, 1], 7.0) for line in lines_of(figure))


def test_channels_of_different_scales_have_their_own_axes_and_names():
    one = running_prediction(1)
    one = dataclasses.replace(one, ys=one.ys * [1.0, 1e6])
    figure = plot_running_predictions([one, one], channels=["pulse", "cells"], what="age", time="hour")
    assert [axes.get_ylabel() for axes in figure.axes] == ["pulse", "cells", "age", "", "", ""]
    assert figure.axes[2].get_xlabel() == "hour"
    assert figure.axes[0].get_ylim()[1] < 10
    assert figure.axes[1].get_ylim()[1] > 1e5
    (line,) = figure.axes[4].get_lines()
    np.testing.assert_array_equal(line.get_ydata(), one.ys[:, 1])


def test_many_channels_are_standardized_over_all_series_and_share_an_axis():
    random, ts = np.random.default_rng(0), np.arange(50.0)
    ys = [random.normal(size=(50, 5)) * 10.0 ** np.arange(5) + shift for shift in (0, 3)]
    ys[0][4, 2], ys[0][:, 4], ys[1][:, 4] = np.nan, 7.0, 7.0
    series = [RunningPrediction("", ts, each, ts, np.ones((50, 1))) for each in ys]
    figure = plot_running_predictions(series, channels=list("abcde"))
    assert [axes.get_ylabel() for axes in figure.axes] == ["channels, standardized", "prediction", "", ""]
    drawn = [[line.get_ydata() for line in figure.axes[place].get_lines()] for place in (0, 2)]
    for channel in range(5):
        values = np.concatenate([drawn[0][channel], drawn[1][channel]])
        assert values.mean() == pytest.approx(0.0, abs=1e-12)
        assert values.std() == pytest.approx(0.0 if channel == 4 else 1.0)


DATES = np.datetime64("2023-12-01") + np.arange(60).astype("timedelta64[D]")


def labels_of(axes: Axes) -> list[str]:
    axes.get_figure(root=True).draw_without_rendering()
    return [label.get_text() for label in axes.get_xticklabels()]


def test_dates_are_drawn_as_dates():
    ys = np.arange(60.0)[:, None]
    one = Trajectory("one", DATES[:40], ys[:40], DATES[40:], ys[40:], DATES[39:], ys[39:])
    prediction = RunningPrediction("one", DATES, ys, DATES, ys)
    for figure in (plot_trajectories([one], ["x"], time="day"), plot_running_predictions([prediction], time="day")):
        assert "Jan" in labels_of(figure.axes[-1])
        assert figure.axes[-1].get_xlabel() == "day"
        assert len(labels_of(figure.axes[-1])) <= 7


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_intervals_are_drawn_over_the_dates_of_their_clocks(zone: str | None):
    days = pd.date_range("2023-12-01", periods=60, tz=zone)
    ys = np.arange(60.0)[:, None]
    figure = plot_intervals(days[:50], ys[:50], ["x"], days[50:], ys[50:], {80: (ys[50:] - 1, ys[50:] + 1)}, time="day")
    measured = figure.axes[0].get_lines()[0]
    np.testing.assert_array_equal(measured.get_xdata(orig=True), DATES[10:50])
    assert "Jan" in labels_of(figure.axes[0])
    assert figure.axes[0].get_xlabel() == "day"


def test_tables_with_a_clock_are_drawn_over_dates():
    clock = Clock(DATES[:1], "D")
    fitted, holdout = (
        Table("day", ("x",), np.arange(60.0)[rows], np.arange(60.0)[rows, None], clock=clock)
        for rows in (slice(50), slice(50, None))
    )
    ahead, fan = (Fan.of(table.ts, np.repeat(table.ys[None], 10, axis=0)) for table in (fitted, holdout))
    forecast = plot_forecast(fitted, holdout, {"model": (fitted.ts, fitted.ys)})
    assert has_line(forecast, date2num(DATES[:50]), fitted.ys[:, 0])
    assert has_line(forecast, date2num(DATES[50:]), holdout.ys[:, 0])
    fans = plot_fan({"": fitted}, {"": holdout}, {"": ahead}, {"": fan})
    assert has_line(fans, date2num(DATES[50:]), fan.median[:, 0])
    for figure in (forecast, fans):
        assert "Jan" in labels_of(figure.axes[0])


def test_dates_with_offsets_are_drawn_on_their_clocks():
    clock = Clock(np.array(["2024-03-30T22:00"], "datetime64[us]"), "D", zone=Zone("Europe/Berlin"))
    drawn = dates_or_numbers(np.array([0.0, 1.0]), clock)
    np.testing.assert_array_equal(drawn, np.array(["2024-03-30T23:00", "2024-04-01T00:00"], "datetime64[us]"))


def test_durations_have_their_unit_and_dates_do_not():
    assert time_label("t", Clock(np.array([0], "timedelta64[s]"), "h")) == "t (h)"
    assert time_label("t", Clock(DATES[:1], "D")) == time_label("t", Clock(np.zeros(1))) == "t"
    np.testing.assert_array_equal(dates_or_numbers(np.array([0.0, 2.0]), Clock(DATES[:1], "D")), DATES[[0, 2]])
    np.testing.assert_array_equal(dates_or_numbers(np.array([0.0, 2.0]), Clock(np.array([5.0]))), [0.0, 2.0])


def test_trajectories_show_observed_held_out_and_predicted_values_of_each_channel():
    ts = np.arange(9.0)
    ys = np.stack([np.sin(ts), np.cos(ts)], axis=1)
    one = Trajectory("one", ts[:6], ys[:6], ts[6:], ys[6:], ts[5:], 2 * ys[5:])
    figure = plot_trajectories([one, one], ["sine", "cosine"], time="hour")
    assert len(figure.axes) == 4
    for channel in range(2):
        for rows, values in ((slice(6), ys), (slice(6, None), ys), (slice(5, None), 2 * ys)):
            assert has_line(figure, ts[rows], values[rows, channel])
    assert [figure.axes[place].get_ylabel() for place in (0, 2)] == ["sine", "cosine"]
    assert len(plot_trajectories([one], [f"{i}" for i in range(2)]).axes) == 2


def test_plots_can_be_saved(tmp_path):
    plot_running_predictions([running_prediction(3)], ["a", "b", "c"]).savefig(tmp_path / "predictions.png")
    plot_confusion(np.eye(3, dtype=int), ["a long name", "b", "c"]).savefig(tmp_path / "confusion.png")
    assert all(path.stat().st_size > 1000 for path in tmp_path.iterdir())
