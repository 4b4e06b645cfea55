"""Folds, summary features, plain methods, and their mixture with a network."""

import json

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge

import nde
from nde.estimators import plain
from nde.estimators.folds import Folds
from nde.estimators.mixture import beats_constant, class_mixture, log_loss, number_mixture, softmax, temperature
from nde.estimators.stacking import (
    FOREST,
    FREQUENCIES,
    LOGISTIC,
    MEAN,
    RIDGE,
    Classes,
    Labeled,
    Numbers,
    Stack,
    calibrated,
)
from nde.estimators.summary import summary_features

RANDOM = np.random.default_rng(0)


def test_folds_are_stratified_and_each_series_is_left_out_once():
    classes = np.repeat([0, 1, 2], [50, 30, 20])
    folds = Folds.stratified(classes, 5, 7)
    for fold in range(5):
        own = np.bincount(classes[folds.of_series == fold], minlength=3)
        assert (np.abs(own - [10, 6, 4]) <= 1).all()
    np.testing.assert_array_equal(np.asarray(folds.training()).sum(axis=0), 4)
    assert folds.held.all()
    assert sorted(np.concatenate([test for _, test in folds.splits()])) == list(range(100))
    assert all(np.intersect1d(train, test).size == 0 for train, test in folds.splits())
    assert (Folds.stratified(classes, 5, 7).of_series == folds.of_series).all()
    assert (Folds.stratified(classes, 5, 8).of_series != folds.of_series).any()


def test_one_member_leaves_out_a_fifth_and_numbers_are_spread_over_folds():
    numbers = RANDOM.normal(size=(50, 1))
    folds = Folds.stratified(numbers, 1, 0)
    assert folds.held.sum() == 10
    assert abs(numbers[folds.held].mean() - numbers.mean()) < 0.15
    assert not Folds.none(50, 3).held.any()


def test_few_series_are_divided_several_times_for_plain_methods():
    classes = np.arange(30) % 2
    folds = Folds.stratified(classes, 5, 7)
    splits = folds.repeated_splits(classes, 7)
    assert [test.tolist() for _, test in splits[:5]] == [test.tolist() for _, test in folds.splits()]
    np.testing.assert_array_equal(np.bincount(np.concatenate([test for _, test in splits])), np.full(30, 3))
    assert len({tuple(test) for _, test in splits}) == 15
    assert all(np.intersect1d(train, test).size == 0 for train, test in splits)
    many = np.arange(300) % 2
    assert len(Folds.stratified(many, 5, 7).repeated_splits(many, 7)) == 5
    assert len(Folds.stratified(classes, 1, 7).repeated_splits(classes, 7)) == 1


def test_summary_features_are_those_of_the_observations():
    ys = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan], [7.0, np.nan]])
    panel = nde.TimeSeries.from_arrays([ys], [[1.0, 2.0, 3.0, 4.0]], static=np.array([[9.0]]), static_names=["age"])
    known = np.array([1.0, 3.0, 7.0])
    slope = np.polyfit([1.0, 2.0, 4.0], known, 1)[0]
    expected = [9, 1, 3, 4, known.mean(), known.std(), 1, 7, 1, 7, slope, 3, *[np.nan] * 7, 0]
    np.testing.assert_allclose(summary_features(panel)[0], expected)


def features(count: int = 60) -> np.ndarray:
    values = RANDOM.normal(size=(count, 4)) * [1, 10, 0.1, 1] + [0, 5, 0, 0]
    values[::7, 2] = np.nan
    return values


@pytest.mark.parametrize("classes", [True, False])
def test_forests_and_linear_models_are_those_of_scikit_learn(classes: bool):
    x, new, weights = features(), features(), RANDOM.uniform(0.5, 2, 60)
    filled, new_filled = (np.where(np.isnan(each), np.nanmean(x, axis=0), each) for each in (x, new))
    center, scale = filled.mean(axis=0), np.nanstd(x, axis=0)
    scaled, new_scaled = (filled - center) / scale, (new_filled - center) / scale
    if classes:
        y = (x[:, 0] > 0).astype(np.int64) + (x[:, 1] > 8)
        forest = RandomForestClassifier(200, random_state=3, max_features="sqrt").fit(filled, y, weights)
        expected = forest.predict_proba(new_filled)
        linear = LogisticRegression(C=0.1, max_iter=500).fit(scaled, y, weights).predict_proba(new_scaled)
        fittings = plain.forest(3, True, 3, "sqrt"), plain.logistic(3, 0.1)
    else:
        y = x[:, :1] + x[:, 1:2]
        forest = RandomForestRegressor(200, random_state=3, max_features=1 / 3).fit(filled, y[:, 0], weights)
        expected = forest.predict(new_filled)[:, None]
        linear = Ridge(2.0).fit(scaled, y, weights).predict(new_scaled).reshape(-1, 1)
        fittings = plain.forest(1, False, 3, 1 / 3), plain.ridge(2.0)
    for fitting, wanted in zip(fittings, (expected, linear), strict=True):
        found = fitting(x, y, weights)
        np.testing.assert_allclose(found(new), wanted, rtol=1e-6, atol=1e-9)
        saved = json.loads(json.dumps(plain.to_text(found)))
        np.testing.assert_array_equal(plain.from_text(saved)(new), found(new))


def test_a_class_that_is_not_in_a_part_has_hardly_a_chance():
    y = np.repeat([0, 2], 30)
    chances = plain.logistic(3, 1.0)(features(), y, np.ones(60))(features(5))
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert chances[:, 1].max() < 1e-3
    single = plain.logistic(3, 1.0)(features(), np.zeros(60, np.int64), np.ones(60))(features(5))
    np.testing.assert_allclose(single[:, 0], 60.5 / 61.5)


def test_a_method_that_is_worse_than_the_constant_is_not_used():
    constant, noise = RANDOM.uniform(0.5, 1.5, 50), RANDOM.normal(size=50)
    noise -= noise.mean()
    errors = np.stack([constant - 0.01 + noise, constant + 0.01 + noise, constant])
    assert beats_constant(errors, np.ones(50)).tolist() == [True, False, True]


def test_the_mixture_of_classes_has_the_least_loss():
    codes = RANDOM.integers(0, 2, 400)
    good = np.where(codes == 1, 0.8, 0.7) * (RANDOM.random(400) < 0.9) + 0.05
    other, bad = np.full(400, 0.5), np.full(400, 0.01)
    weights = class_mixture(np.stack([good, other, bad]), np.ones(400))
    assert weights[2] == 0
    grid = np.linspace(0, 1, 201)
    # Of 400 series, 3% count for equal shares of the three.
    prior = 0.03 * 400 / 3 * np.log(np.maximum(grid * (1 - grid), 1e-300))
    losses = [-np.log(share * good + (1 - share) * other).sum() for share in grid] - prior
    assert weights[0] == pytest.approx(grid[np.argmin(losses)], abs=0.02)


def test_the_mixture_of_numbers_has_the_least_error():
    truth = RANDOM.normal(size=(400, 1))
    one, other = truth + RANDOM.normal(size=(400, 1)), truth + 2 * RANDOM.normal(size=(400, 1))
    weights = number_mixture(np.stack([one, other, 0 * truth + 30]), truth, np.ones(400))
    # The best weights of independent errors are the inverses of their variances.
    np.testing.assert_allclose(weights, [0.8, 0.2, 0.0], atol=0.05)


def test_the_temperature_undoes_a_factor():
    logits = RANDOM.normal(size=(1, 3000, 3))
    chances = softmax(logits[0]).cumsum(axis=1)
    codes = (RANDOM.random((3000, 1)) > chances).sum(axis=1)
    assert temperature(5 * logits, codes, np.ones(3000)) == pytest.approx(5, rel=0.15)


def test_the_temperature_of_a_part_is_chosen_on_the_other_parts():
    codes = np.repeat([0, 1], 100)
    logits = 3.0 * (codes[:, None] == np.arange(2))
    # The first series are predicted wrongly, which only the others may know.
    logits[:20] = 3.0 * (codes[:20, None] != np.arange(2))
    series = Labeled(np.zeros((200, 1)), codes, np.ones(200))
    splits = [(np.arange(20, 200), np.arange(20)), (np.arange(20), np.arange(20, 200))]
    heat, found = calibrated(Classes(2), logits[None], series, splits)
    assert heat == temperature(logits[None], codes, np.ones(200))
    own = temperature(logits[None, 20:], codes[20:], np.ones(180))
    np.testing.assert_allclose(found[:20], softmax(logits[:20] / own))
    assert own < heat < 16
    np.testing.assert_allclose(found[20:], softmax(logits[20:] / 16.0))


class Linear(Classes):
    """Classes, without the forests that take time."""

    def candidates(self, seed: int) -> dict[str, list[plain.Fitting]]:
        return {name: settings[:2] for name, settings in super().candidates(seed).items() if name != FOREST}


def test_a_series_that_is_predicted_several_times_counts_once():
    random = np.random.default_rng(1)
    codes = np.arange(60) % 2
    series = Labeled(codes[:, None] + random.normal(size=(60, 2)), codes, np.ones(60))
    outputs = codes[:, None] * [0, 1] + random.normal(size=(1, 60, 2))
    once = Folds.stratified(codes, 5, 0).splits()
    places = np.concatenate([test for _, test in once])
    one, two = (
        Stack.fit(Linear(2), "neural-cde", outputs[:, np.tile(places, times)], series, once * times, places, 0)
        for times in (1, 2)
    )
    assert 0.1 < one.network_share < 0.9
    assert one.weights == pytest.approx(two.weights)
    assert one.losses == pytest.approx(two.losses)


def labeled(classes: bool) -> tuple[Labeled, Folds]:
    """Series whose first feature tells the target."""
    x = features(100)
    y = (x[:, 0] + 0.3 * RANDOM.normal(size=100) > 0).astype(np.int64) if classes else x[:, :1] / x[:, 0].std()
    return Labeled(x, y, np.ones(100)), Folds.stratified(y, 5, 0)


@pytest.mark.parametrize("classes", [True, False])
def test_a_useless_network_has_no_share(classes: bool):
    series, folds = labeled(classes)
    kind = Classes(2) if classes else Numbers(1)
    outputs = 5 * RANDOM.normal(size=(1, 100, kind.size))
    stack = Stack.fit(kind, "neural-cde", outputs, series, folds.splits(), np.arange(100), 0)
    assert stack.network_share == 0
    best = LOGISTIC if classes else RIDGE
    assert min(stack.losses, key=stack.losses.__getitem__) == best
    loss = kind.loss(stack.predict(None, series.features), series.targets, series.weights)
    assert loss < stack.losses[FREQUENCIES if classes else MEAN] / 2
    sentence = stack.verdict(kind)
    assert sentence.startswith(f"{best.capitalize()} on summary features is better than the network (neural-cde) here")
    assert kind.measure in sentence
    again = Stack.from_dict(json.loads(json.dumps(stack.to_dict())))
    np.testing.assert_array_equal(again.predict(None, series.features), stack.predict(None, series.features))


def test_a_network_that_knows_is_the_prediction():
    series, folds = labeled(True)
    places = np.concatenate([test for _, test in folds.splits()])
    codes = RANDOM.permutation(series.targets)
    series = Labeled(series.features, codes, series.weights)
    outputs = 8.0 * (codes[places, None] == np.arange(2))[None]
    stack = Stack.fit(Classes(2), "neural-cde", outputs, series, folds.splits(), np.arange(100), 0)
    assert stack.network_share > 0.9
    assert FOREST not in stack.predictors
    assert stack.verdict(Classes(2)).startswith("The network (neural-cde) is better than ")
    network = Classes(2).network(outputs, stack.heat)
    assert log_loss(stack.predict(network, series.features[places]), codes[places], np.ones(100)) < 0.2
