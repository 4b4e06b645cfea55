"""Plots of models of many series contain what they are given."""

import numpy as np
import pytest

from nde.plot import (
    RunningPrediction,
    Trajectory,
    plot_confusion,
    plot_learning,
    plot_predicted,
    plot_running_predictions,
    plot_trajectories,
)
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
    assert len(figure.axes) == 8
    known = ~np.isnan(one.ys[:, 0])
    assert has_line(figure, one.ts[known], one.ys[known, 0])
    for probability in one.predictions.T:
        assert has_line(figure, one.predicted_at, probability)
    true = [line for line in figure.axes[1].get_lines() if line.get_linewidth() > 2]
    np.testing.assert_array_equal(true[0].get_ydata(), one.predictions[:, 1])
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "class 1" in labels
    assert ("other classes" in labels) == (classes == 12)


def test_running_predictions_of_numbers_share_one_scale():
    figure = plot_running_predictions([running_prediction(1)] * 2, (), [0.5, 7.0], what="age")
    ends = {axes.get_ylim() for axes in figure.axes[1::2]}
    assert len(ends) == 1
    assert ends.pop()[1] > 7
    assert any(np.allclose(line[:, 1], 7.0) for line in lines_of(figure))


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
