"""What cannot be plotted is refused in words; what is not finite is not drawn."""

import dataclasses

import numpy as np
import pytest

from nde.data import Fan, Table, load_lynx_hare
from nde.plot import (
    Density,
    RunningPrediction,
    Trajectory,
    plot_confusion,
    plot_density,
    plot_fan,
    plot_forecast,
    plot_generated,
    plot_importance,
    plot_learning,
    plot_phase,
    plot_predicted,
    plot_running_predictions,
    plot_training,
    plot_trajectories,
)
from tests.plot.test_plot import has_line

pytestmark = pytest.mark.usefixtures("as_users_call_it")

TS = np.arange(4.0)
YS = np.ones((4, 2))
NONE = np.zeros(0)
NANS = np.full(4, np.nan)
TRAJECTORY = Trajectory("one", TS, YS, TS, YS, TS, YS)
NUMBERS = RunningPrediction("one", TS, YS, TS, TS[:, None])
TABLE = load_lynx_hare()
FAN = Fan(TS, np.ones((5, 4, 2)), np.ones((0, 4, 2)))
WALKS = np.random.default_rng(0).normal(size=(20, 20)).cumsum(axis=1)

REFUSED = {
    "no trajectories": (lambda: plot_trajectories([], ["a"]), "trajectories must not be empty; got none"),
    "no channels": (lambda: plot_trajectories([TRAJECTORY], []), "channels must not be empty"),
    "too few names": (lambda: plot_trajectories([TRAJECTORY], ["a"]), "each of 2 channels; got 1"),
    "too many names": (lambda: plot_trajectories([TRAJECTORY], ["a", "b", "c"]), "each of 2 channels; got 3"),
    "no rows": (lambda: dataclasses.replace(TRAJECTORY, ts=NONE), "ts must not be empty"),
    "rows": (lambda: dataclasses.replace(TRAJECTORY, ts=TS[1:]), "ts and ys must have the same length; got 3 of ts, 4"),
    "held-out rows": (lambda: dataclasses.replace(TRAJECTORY, holdout_ts=TS[1:]), "3 of holdout_ts, 4 of holdout_ys"),
    "predicted rows": (lambda: dataclasses.replace(TRAJECTORY, predicted_ts=NONE), "0 of predicted_ts, 4 of pred"),
    "columns": (lambda: dataclasses.replace(TRAJECTORY, holdout_ys=YS[:, :1]), r"channels; got .* \(4, 1\) and"),
    "no series": (lambda: plot_running_predictions([]), "series must not be empty; got none"),
    "no predictions": (lambda: dataclasses.replace(NUMBERS, predictions=YS[:0]), "predictions must not be empty"),
    "prefixes": (lambda: dataclasses.replace(NUMBERS, predicted_at=TS[1:]), "3 of predicted_at, 4 of predictions"),
    "truth": (lambda: plot_running_predictions([NUMBERS] * 3, (), [1.0]), "3 of series, 1 of truth"),
    "classes": (lambda: plot_running_predictions([NUMBERS], ["a", "b"]), r"\(prefixes, 2\).*; got \(4, 1\)"),
    "channels": (
        lambda: plot_running_predictions([NUMBERS, dataclasses.replace(NUMBERS, ys=YS[:, :1])]),
        r"the same channels, each with a name; got \[1, 2\]",
    ),
    "names": (lambda: plot_running_predictions([NUMBERS], channels=["a"]), r"with a name; got \[1, 2\]"),
    "no number": (
        lambda: plot_running_predictions([dataclasses.replace(NUMBERS, predictions=NANS[:, None])]),
        "predictions must contain a finite number; got none among 4",
    ),
    "no densities": (lambda: plot_density([]), "densities must not be empty"),
    "a grid": (lambda: Density("", TS, TS[1:], np.ones((4, 3))), r"columns\) = \(3, 4\).*; got \(4, 3\)"),
    "points": (lambda: Density("", TS, TS, np.ones((4, 4)), TS), r"shape \(points, 2\); got \(4,\)"),
    "a density of nothing": (
        lambda: plot_density([Density("", TS, TS, np.full((4, 4), np.nan))]),
        "values must contain a finite number",
    ),
    "no importance": (lambda: plot_importance({}), "importance must have at least one feature; got none"),
    "no fans": (lambda: plot_fan({"": TABLE}, {}, {}, {}), "fans must not be empty"),
    "no rows of a fan": (lambda: plot_fan({"": TABLE}, {}, {"a": FAN}, {"a": FAN}), "fitted must have the series 'a'"),
    "nothing ahead": (lambda: plot_fan({"a": TABLE}, {}, {}, {"a": FAN}), r"ahead must have .* got \[\]"),
    "no steps": (lambda: plot_learning(NONE, NONE), "step must not be empty"),
    "steps": (lambda: plot_learning(np.arange(5), np.ones(3)), "5 of step, 3 of loss"),
    "validation": (lambda: plot_learning(TS, TS, np.ones(3)), "step, loss and validation must have the same length"),
    "no losses": (lambda: plot_training({}), "losses must not be empty"),
    "no classes": (lambda: plot_confusion(np.zeros((0, 0), int), []), "classes must not be empty"),
    "a matrix": (lambda: plot_confusion(np.eye(2, dtype=int), ["a"]), r"shape \(1, 1\) for 1 class; got \(2, 2\)"),
    "half of a matrix": (lambda: plot_confusion(np.ones((2, 3), int), ["a", "b"]), r"got \(2, 3\)"),
    "pairs": (lambda: plot_predicted(TS, TS[1:]), "4 of truth, 3 of predicted"),
    "no pairs": (lambda: plot_predicted(NONE, NONE), "none among 0"),
    "no finite pairs": (lambda: plot_predicted(TS, NANS), "both be finite for some series; got none among 4"),
    "no paths": (lambda: plot_generated(WALKS, WALKS, paths=0), "paths must be at least 1; got 0"),
    "a curve": (lambda: plot_forecast(TABLE, None, {"m": (TS, YS[1:])}), r"shape \(4, 2\) .*; got \(3, 2\) of 'm'"),
    "a curve of one": (lambda: plot_phase(TABLE, None, {"m": (TS, YS[:, :1])}), r"got \(4, 1\) of 'm'"),
    "other quantities": (
        lambda: plot_forecast(TABLE, Table("t", ("x",), np.arange(5.0), np.ones((5, 1))), {}),
        r"holdout must have the quantities \('hare', 'lynx'\) of fitted; got \('x',\)",
    ),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(make, message: str):
    with pytest.raises(ValueError, match=message):
        make()


def test_predicted_leaves_out_what_is_not_finite():
    figure = plot_predicted(np.array([1.0, 2.0, np.nan, 4.0]), np.array([1.5, np.inf, 3.0, 5.0]))
    assert has_line(figure, np.array([1.0, 4.0]), np.array([1.5, 5.0]))
    assert figure.axes[0].get_xlim() == pytest.approx((0.8, 5.2))


def test_one_running_prediction_that_is_not_a_number_is_not_drawn():
    some = dataclasses.replace(NUMBERS, predictions=np.array([[0.0], [np.nan], [2.0], [np.inf]]))
    ends = plot_running_predictions([some]).axes[2].get_ylim()
    assert ends == pytest.approx((-0.12, 2.12))


def test_a_trajectory_without_held_out_rows_has_no_shade():
    figure = plot_trajectories([dataclasses.replace(TRAJECTORY, holdout_ts=NONE, holdout_ys=YS[:0])], ["a", "b"])
    assert has_line(figure, TS, YS[:, 0])
    assert not figure.axes[0].patches


def test_density_with_holes():
    values = np.ones((4, 4))
    values[0, 0] = np.nan
    figure = plot_density([Density("", TS, TS, values)])
    assert figure.axes[0].collections[0].get_clim() == (0.0, 1.0)


def test_the_mean_of_losses_that_are_not_finite_is_not_drawn():
    loss = np.array([np.nan, np.nan, 3.0, 1.0])
    mean = plot_learning(TS, loss).axes[0].get_lines()[1].get_ydata()
    np.testing.assert_array_equal(mean, loss)
