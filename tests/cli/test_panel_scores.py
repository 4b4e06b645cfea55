"""Scores, baselines, and what is shown of a run with many series."""

import numpy as np
import pytest
from sklearn import metrics

import nde
from nde.cli.panels.baselines import COMMON, LINEAR, MEAN, class_baselines, number_baselines
from nde.cli.panels.readings import classes_to_show, numbers_to_show, readings
from nde.cli.panels.scores import class_scores, confusion_matrix, number_scores
from tests.data.panel.made import ragged

CLASSES = np.array(["a", "b", "c"])


def drawn(series: int = 40) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return CLASSES[random.integers(0, 3, series)], random.dirichlet(np.ones(3), series)


def test_scores_of_classes():
    truth, chances = drawn()
    found = class_scores(truth, chances, CLASSES)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(truth, chances))
    matrix = confusion_matrix(truth, CLASSES[chances.argmax(axis=1)], CLASSES.tolist())
    np.testing.assert_array_equal(matrix, metrics.confusion_matrix(truth, CLASSES[chances.argmax(axis=1)]))
    assert found["accuracy"] == pytest.approx(np.trace(matrix) / 40)
    assert found["recall"]["b"] == pytest.approx(matrix[1, 1] / matrix[1].sum())


def test_a_class_that_the_model_never_saw_is_wrong_and_not_in_the_log_loss():
    truth, chances = drawn()
    more = class_scores(np.append(truth, "d"), np.vstack([chances, [[1, 0, 0]]]), CLASSES)
    known = class_scores(truth, chances, CLASSES)
    assert more["log_loss"] == known["log_loss"]
    assert more["accuracy"] == pytest.approx(known["accuracy"] * 40 / 41)
    assert more["recall"]["d"] == 0


def test_a_probability_of_zero_has_a_finite_loss():
    found = class_scores(np.array(["a"]), np.array([[0.0, 1.0, 0.0]]), CLASSES)
    assert found["log_loss"] == pytest.approx(-np.log(1e-7))


def test_scores_of_numbers():
    truth, said = np.random.default_rng(0).normal(size=(2, 30))
    found = number_scores(truth, said)
    assert found["r2"] == pytest.approx(metrics.r2_score(truth, said))
    assert found["rmse"] == pytest.approx(np.sqrt(np.mean((truth - said) ** 2)))
    assert number_scores(np.ones(3), np.zeros(3))["r2"] is None


def panels(kind: str) -> tuple[nde.TimeSeries, nde.TimeSeries]:
    """Series whose first value tells the target, and a channel that is often not there at all."""
    random = np.random.default_rng(0)
    level = random.integers(0, 3, 60) if kind == "classes" else random.normal(size=60)
    values = [
        np.stack([each + np.arange(4.0), np.full(4, np.nan if i % 2 else 1.0)], 1) for i, each in enumerate(level)
    ]
    panel = nde.TimeSeries.from_arrays(values, targets=level)
    return panel[:40], panel[40:]


def test_baselines_of_classes():
    train, test = panels("classes")
    found = class_baselines(train, test)
    common = np.bincount(train.targets).argmax()
    assert found[COMMON]["accuracy"] == np.mean(test.targets == common)
    assert found[LINEAR]["accuracy"] == 1


def test_baselines_of_numbers():
    train, test = panels("numbers")
    found = number_baselines(train, test)
    assert found[MEAN]["rmse"] == pytest.approx(np.sqrt(np.mean((test.targets - train.targets.mean()) ** 2)))
    assert found[LINEAR]["r2"] > 0.99


def test_series_are_read_from_their_first_observation_to_their_end():
    panel = ragged(5)
    seen: list[nde.TimeSeries] = []

    def last_time(prefixes: nde.TimeSeries) -> np.ndarray:
        seen.append(prefixes)
        return np.array([[each.ts[-1], len(each.ts)] for each in prefixes])

    found = readings(panel, panel.ids and [f"{name}" for name in panel.ids], last_time)
    assert len(seen) == 1
    for series, reading in zip(panel, found, strict=True):
        np.testing.assert_array_equal(reading.predictions[:, 0], reading.predicted_at)
        np.testing.assert_array_equal(reading.predictions[:, 1], np.arange(len(series.ts)) + 1)
        assert reading.predicted_at[-1] == series.ts[-1]


def test_a_long_series_is_read_in_few_steps():
    panel = nde.TimeSeries.from_arrays([np.r_[np.full(7, np.nan), np.zeros(993)]])
    (reading,) = readings(panel, ["long"], lambda prefixes: np.zeros((len(prefixes), 1)))
    assert (reading.predicted_at[0], reading.predicted_at[-1], len(reading.predicted_at)) == (7, 999, 30)


def test_series_to_show():
    truth = np.array(["a", "a", "b", "b", "c", "a", "b", "c"])
    sure = np.array([0.9, 0.5, 0.8, 0.7, 0.6, 0.99, 0.4, 0.95])
    said = np.array(["a", "a", "b", "b", "c", "b", "c", "a"])
    chances = np.array([[s if name == c else (1 - s) / 2 for c in CLASSES] for s, name in zip(sure, said, strict=True)])
    # The most confident wrong ones, the least confident correct one, and the most confident of each class.
    assert classes_to_show(truth, said, chances).tolist() == [5, 7, 1, 0, 2, 4]
    assert numbers_to_show(np.array([3.0, 1.0, 2.0])).tolist() == [1, 2, 0]
    assert numbers_to_show(np.arange(101.0)).tolist() == [0, 20, 40, 60, 80, 100]


@pytest.mark.parametrize("classes", [2, 3])
def test_brier_score_and_roc_auc(classes: int):
    random, names = np.random.default_rng(1), CLASSES[:classes]
    truth, chances = names[random.integers(0, classes, 50)], random.dirichlet(np.ones(classes), 50).round(1)
    found = class_scores(truth, chances, names)
    squares = ((chances - (truth[:, None] == names)) ** 2).sum(axis=1).mean()
    assert found["brier"] == pytest.approx(squares / 2 if classes == 2 else squares)
    each = [metrics.roc_auc_score(truth == name, chances[:, place]) for place, name in enumerate(names)]
    assert found["auc"] == pytest.approx(np.mean(each))
    assert class_scores(truth[:1], chances[:1], names)["auc"] is None


def test_intervals_of_accuracy_and_error():
    right = np.arange(400) < 300
    low, high = class_scores(np.where(right, "a", "b"), np.tile([1.0, 0.0], (400, 1)), CLASSES[:2])["accuracy_interval"]
    deviation = np.sqrt(0.75 * 0.25 / 400)
    assert (low, high) == pytest.approx((0.75 - 1.96 * deviation, 0.75 + 1.96 * deviation), abs=0.006)
    all_right = class_scores(CLASSES[[0] * 20], np.tile([1.0, 0.0], (20, 1)), CLASSES[:2])["accuracy_interval"]
    # Twenty of twenty have a chance of 2.5% if each has one of 83%.
    assert all_right == pytest.approx([0.8316, 1.0], abs=1e-4)
    errors = np.random.default_rng(0).normal(size=500)
    low, high = number_scores(errors, np.zeros(500))["rmse_interval"]
    assert (low, high) == pytest.approx((1 - 1.96 / np.sqrt(1000), 1 + 1.96 / np.sqrt(1000)), abs=0.03)
