"""Deep equilibrium models of rows and images: scores, inputs, equilibria, errors, and scikit-learn's conventions."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import check_estimator

import nde
from nde.data import DataError
from nde.estimators import ImplicitClassifier, ImplicitRegressor, load_estimator
from nde.estimators.row_input import image_shape
from nde.estimators.row_preparation import RowPreparation

SMALL = {"n_estimators": 2, "hidden_size": 8, "random_state": 0, "progress": False}
NAMES = np.array(["same", "opposite"])


def corners(count: int = 120, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points of the plane, and whether the signs of their numbers differ, which no linear model can tell."""
    random = np.random.default_rng(seed)
    X = random.uniform(0.3, 1.5, (count, 2)) * random.choice([-1.0, 1.0], (count, 2))
    return X, NAMES[(X[:, 0] * X[:, 1] < 0).astype(int)]


@pytest.fixture(scope="module")
def fitted() -> ImplicitClassifier:
    return ImplicitClassifier(max_iter=150, learning_rate=1e-2, **SMALL).fit(*corners())


def test_classes_are_predicted_and_the_same_after_loading(fitted, tmp_path):
    X, y = corners(seed=1)
    assert fitted.score(X, y) > 0.95
    assert fitted.shares_["deq"] > 0.2
    assert fitted.held_out_losses_["deq"] < 0.5 * fitted.held_out_losses_["logistic regression"]
    shares = fitted.predict_proba(X)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    assert (pickle.loads(pickle.dumps(fitted)).predict_proba(X) == shares).all()
    fitted.save(tmp_path / "kept")
    again = load_estimator(tmp_path / "kept")
    assert (again.predict_proba(X) == shares).all()
    assert again.notes_ == fitted.notes_
    assert again.n_features_in_ == 2
    assert not hasattr(clone(fitted), "model_")


def test_the_notes_name_the_best_method_and_the_steps_of_the_solver(fitted):
    best, steps = fitted.notes_
    assert "better than" in best
    assert "on rows that they were not fitted to" in best
    assert "summary" not in best
    assert fitted.steps_.shape == (120,)
    assert f"{np.median(fitted.steps_):.0f} steps" in steps
    assert steps.endswith("all converge.")


def test_equilibria_are_fixed_points_that_a_warm_start_finds_in_fewer_steps(fitted):
    X, _ = corners(count=20, seed=2)
    found = fitted.equilibrium(X)
    assert found.states.shape == (2, 20, 8)
    assert found.steps.shape == found.residuals.shape == found.converged.shape == (2, 20)
    assert found.converged.all()
    network = pickle.loads(pickle.dumps(fitted)).model_.models.network
    weight = np.asarray(network.layer.f.linear.weight.raw[0], np.float64)
    # The smooth bound of the norm, written out.
    bound = network.layer.f.linear.weight.bound
    singular = np.linalg.svd(weight / bound, compute_uv=False)
    weight = weight / (1 + np.sum(singular**32)) ** (1 / 32)
    inputs = (X - np.array(fitted.preparation_.center)) / np.array(fitted.preparation_.scale)
    injected = inputs @ np.asarray(network.encoder.weight[0]).T + np.asarray(network.encoder.bias[0])
    states = np.zeros((20, 8))
    for _ in range(500):
        states = np.maximum(states @ weight.T + injected, 0)
    np.testing.assert_allclose(found.states[0], states, atol=2e-3)
    again = fitted.equilibrium(X, start=found)
    assert again.steps.mean() < 0.5 * found.steps.mean()


def visits() -> tuple[pd.DataFrame, np.ndarray]:
    """Numbers with gaps, words with gaps, and flags; the target depends on the words and on what is missing."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": random.normal(50, 10, 80),
            "color": random.choice(["red", "green", "blue"], 80),
            "ill": random.random(80) < 0.5,
        }
    )
    frame.loc[::4, "age"] = np.nan
    target = 3.0 * (frame["color"] == "red") + 2.0 * frame["age"].isna() - 1.0 * frame["ill"]
    frame.loc[5, "color"] = None
    return frame, target.to_numpy()


@pytest.fixture(scope="module")
def regressor() -> ImplicitRegressor:
    return ImplicitRegressor(max_iter=80, learning_rate=1e-2, **SMALL).fit(*visits())


def test_frames_of_numbers_and_words_with_gaps(regressor, tmp_path):
    frame, target = visits()
    assert regressor.score(frame, target) > 0.9
    assert regressor.channels_ == ("age", "color=blue", "color=green", "color=red", "ill")
    assert regressor.words_ == {"color": ["blue", "green", "red"]}
    assert regressor.feature_names_in_.tolist() == ["age", "color", "ill"]
    expected = regressor.predict(frame)
    regressor.save(tmp_path / "kept")
    np.testing.assert_array_equal(load_estimator(tmp_path / "kept").predict(frame), expected)
    unknown = regressor.predict(frame.assign(color="violet"))
    assert np.isfinite(unknown).all()
    with pytest.raises(ValueError, match="feature names"):
        regressor.predict(frame[["color", "age", "ill"]])
    with pytest.raises(DataError, match=r"Column 'age' has dtype .*; it had numbers"):
        regressor.predict(frame.assign(age="old"))
    with pytest.raises(DataError, match="Column 'age' is infinite"):
        regressor.predict(frame.assign(age=np.inf))


def test_frames_of_polars(regressor):
    polars = pytest.importorskip("polars")
    frame, _ = visits()
    np.testing.assert_array_equal(regressor.predict(polars.from_pandas(frame)), regressor.predict(frame))


def test_missing_values_become_the_mean_and_a_feature():
    values = np.array([[1.0, 5.0], [np.nan, 7.0], [3.0, 9.0]])
    panel = nde.TimeSeries.from_arrays(values[:, None], channels=["a", "b"])
    preparation = RowPreparation.fit(panel, (2,))
    assert preparation.apply(panel).channels == ("a", "b", "a is missing")
    spread = np.std([0, 1, 0])
    expected = [[-1, -np.sqrt(1.5), -1 / 3 / spread], [0, 0, 2 / 3 / spread], [1, np.sqrt(1.5), -1 / 3 / spread]]
    np.testing.assert_allclose(preparation.apply(panel).ys, expected)
    np.testing.assert_array_equal(preparation.features(panel), [[1, 5, 0], [np.nan, 7, 1], [3, 9, 0]])
    other = nde.TimeSeries.from_arrays(values[:, None, ::-1], channels=["b", "a"])
    np.testing.assert_allclose(preparation.apply(other).ys, expected)
    assert RowPreparation.from_dict(preparation.to_dict()) == preparation


def bars(count: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images with a bar on the left or on the right, of 6 by 5 pixels and two colors."""
    random = np.random.default_rng(seed)
    y = np.arange(count) % 2
    X = random.normal(0, 0.3, (count, 6, 5, 2))
    X[np.arange(count), :, 4 * y, 0] += 1.0
    return X, y


def test_images_with_and_without_colors():
    X, y = bars()
    settings = {**SMALL, "n_estimators": 1, "hidden_size": 4, "plain_methods": False, "learning_rate": 1e-2}
    classifier = ImplicitClassifier(max_iter=60, **settings).fit(X, y)
    assert classifier.score(*bars(seed=1)) > 0.9
    assert classifier.shape_ == (6, 5, 2)
    assert classifier.equilibrium(X[:3]).states.shape == (1, 3, 4, 6, 5)
    with pytest.raises(ValueError, match=r"samples of shape \(6, 5, 1\)"):
        classifier.predict(X[..., 0])
    assert image_shape(X[..., 0]) == (6, 5, 1)
    assert image_shape(X[:, 0, 0]) == (2,)


def test_weights_count_and_rows_for_validation_are_used():
    X, y = corners(count=40)
    settings = {**SMALL, "max_iter": 2, "n_estimators": 1, "hidden_size": 4}
    weight = (y == "same") + 1e-6
    held = corners(count=20, seed=1)
    weighted = ImplicitClassifier(**settings).fit(X, y, sample_weight=weight, validation=held)
    assert (weighted.predict(X) == "same").mean() > (y == "same").mean()
    panel = nde.TimeSeries.from_arrays(X[:, None], targets=y, channels=["a", "b"])
    of_panel = ImplicitClassifier(**settings, plain_methods=False).fit(panel, validation=panel)
    assert of_panel.channels_ == ("a", "b")
    assert of_panel.predict(panel).shape == (40,)


def test_misuse_raises_clear_errors(fitted):
    X, y = corners(count=12)
    blank = ImplicitClassifier(**SMALL)
    gone = X.copy()
    gone[3] = np.nan
    for action, kind, message in (
        (lambda: blank.predict(X), NotFittedError, "not fitted yet"),
        (lambda: blank.equilibrium(X), NotFittedError, "not fitted yet"),
        (lambda: blank.fit(X), DataError, "requires y to be passed"),
        (lambda: blank.fit(X, y[:5]), DataError, r"y of shape \(5,\) for 12 rows; expected one target for each row"),
        (lambda: blank.fit(X, np.full(12, "same")), DataError, "at least two classes; got rows of one class only"),
        (lambda: blank.fit(gone, y), DataError, "Row 4 has no value"),
        (lambda: clone(blank).set_params(hidden_size=0).fit(X, y), ValueError, "got hidden_size=0; expected a whole"),
        (lambda: blank.fit(np.where(X > 1, np.inf, X), y), ValueError, "infinity"),
        (lambda: blank.fit(np.zeros((3, 4, 5, 6, 7)), y[:3]), DataError, r"or images of shape \(samples, height"),
        (lambda: blank.fit(X, y, sample_weight=-np.ones(12)), DataError, "not negative"),
        (lambda: blank.fit(X, y, validation=(X, np.full(12, "new"))), DataError, "validation rows of class 'new'"),
        (lambda: blank.fit(X, y, validation=X), DataError, r"validation must be a pair \(X, y\), or a panel"),
        (lambda: ImplicitRegressor().fit(X, y), DataError, "For classes, use ImplicitClassifier"),
        (lambda: blank.fit(nde.TimeSeries.from_arrays(np.zeros((12, 2, 1))), y), DataError, "has 2 rows; expected"),
        (
            lambda: blank.fit(pd.DataFrame({"a": [f"word {place}" for place in range(60)]}), np.arange(60) % 2),
            DataError,
            "Column 'a' has 60 different words",
        ),
        (
            lambda: blank.fit(pd.DataFrame({"a": pd.date_range("2024-01-01", periods=12)}), y),
            DataError,
            "Column 'a' has dtype datetime64",
        ),
        (lambda: fitted.predict(X[:, :1]), ValueError, "1 features, but ImplicitClassifier is expecting 2"),
    ):
        with pytest.raises(kind, match=message):
            action()


NOT_KEPT = {
    "check_do_not_raise_errors_in_init_or_set_params": "in tests annotations are checked when an object is made",
    "check_sample_weight_equivalence_on_dense_data": "folds and batches are of rows, repeated or not",
    "check_methods_sample_order_invariance": "to single precision only, of which 1e-7 is the rounding",
    "check_methods_subset_invariance": "to single precision only, of which 1e-7 is the rounding",
}


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("made", [ImplicitClassifier, ImplicitRegressor])
def test_the_conventions_of_scikit_learn_are_kept(made):
    estimator = made(n_estimators=1, hidden_size=8, max_iter=100, learning_rate=2e-2, random_state=0, progress=False)
    checks = check_estimator(estimator, expected_failed_checks=NOT_KEPT, on_fail=None, on_skip=None)
    failed = [f"{each['check_name']}: {each['exception']}" for each in checks if each["status"] == "failed"]
    assert not failed
