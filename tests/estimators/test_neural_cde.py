"""Classifier and regressor: scores, inputs, errors, and scikit-learn's conventions."""

import dataclasses
import json
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

import nde
from nde.data import DataError
from nde.estimators import NeuralCDEClassifier, NeuralCDERegressor, as_panel, load_estimator

SMALL = {"n_estimators": 2, "hidden_size": 6, "width": 8, "random_state": 0, "progress": False}


def waves(count=60, seed=0):
    """Slow and fast waves at irregular times, of 6 to 12 rows, a tenth of the values missing."""
    random = np.random.default_rng(seed)
    fast = np.arange(count) % 2
    times = [np.sort(random.uniform(0, 3, random.integers(6, 13))) for _ in fast]
    values = []
    for ts, rate in zip(times, 1 + 2 * fast, strict=True):
        wave = np.stack([np.sin(rate * ts), np.cos(rate * ts)], axis=1)
        wave[random.random(wave.shape) < 0.1] = np.nan
        values.append(wave)
    return nde.TimeSeries.from_arrays(values, times, targets=np.array(["slow", "fast"])[fast], channels=["a", "b"])


@pytest.fixture(scope="module")
def fitted():
    return NeuralCDEClassifier(max_iter=80, learning_rate=1e-2, **SMALL).fit(waves())


def test_classes_are_predicted_and_the_same_after_loading(fitted, tmp_path):
    test = waves(seed=1)
    assert fitted.score(test, test.targets) > 0.9
    shares = fitted.predict_proba(test)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    assert fitted.classes_.tolist() == ["fast", "slow"]
    assert (pickle.loads(pickle.dumps(fitted)).predict_proba(test) == shares).all()
    fitted.save(tmp_path / "kept")
    again = load_estimator(tmp_path / "kept")
    assert (again.predict_proba(test) == shares).all()
    assert again.get_params()["hidden_size"] == 6
    with pytest.raises(DataError, match=r"no saved estimator in .*estimator\.json"):
        load_estimator(tmp_path)
    (tmp_path / "kept" / "estimator.json").write_text("{")
    with pytest.raises(DataError, match=r"cannot be read.*fit it again"):
        load_estimator(tmp_path / "kept")


def test_parameters_in_older_files_have_their_former_names(fitted, tmp_path):
    fitted.save(tmp_path)
    file = tmp_path / "estimator.json"
    about = json.loads(file.read_text())
    parameters = about["parameters"]
    parameters["members"], parameters["steps"] = parameters.pop("n_estimators"), parameters.pop("max_iter")
    file.write_text(json.dumps(about))
    test = waves(seed=1)
    assert (load_estimator(tmp_path).predict_proba(test) == fitted.predict_proba(test)).all()
    assert load_estimator(tmp_path).max_iter == 80


def test_predictions_depend_neither_on_other_series_nor_on_the_order_of_channels(fitted):
    test = waves(seed=1)
    shares = fitted.predict_proba(test)
    np.testing.assert_allclose(fitted.predict_proba(test[5:6]), shares[5:6], atol=1e-5)
    swapped = dataclasses.replace(test, ys=test.ys[:, ::-1], channels=("b", "a"))
    np.testing.assert_allclose(fitted.predict_proba(swapped), shares, atol=1e-6)
    np.testing.assert_allclose(fitted.predict_proba(list(test)), shares, atol=1e-6)
    frame = pd.DataFrame({"who": np.repeat(np.arange(60), test.lengths), "t": test.ts, "a": test.ys[:, 0]})
    frame["b"] = test.ys[:, 1]
    named = clone(fitted).set_params(series="who", time="t", target="kind", max_iter=1)
    assert not hasattr(named, "model_")
    named.fit(frame.assign(kind=np.repeat(test.targets, test.lengths)))
    assert named.channels_ == ("a", "b")
    assert named.predict(frame).shape == (60,)


def test_misuse_raises_clear_errors(fitted):
    test = waves(seed=1)
    with pytest.raises(DataError, match="'b' is missing"):
        fitted.predict(dataclasses.replace(test, channels=("a", "c")))
    with pytest.raises(DataError, match="without the name of its time column"):
        fitted.predict(pd.DataFrame({"a": [1.0]}))
    with pytest.raises(DataError, match="requires y to be passed"):
        clone(fitted).fit(dataclasses.replace(test, targets=None))
    with pytest.raises(DataError, match="one class only"):
        clone(fitted).fit(test, np.zeros(60, int))
    with pytest.raises(DataError, match="y of shape \\(3,\\) for 60 series"):
        clone(fitted).fit(test, [0, 1, 1])
    with pytest.raises(DataError, match="no model 'gru'; there are neural-cde"):
        clone(fitted).set_params(model="gru").fit(test)
    with pytest.raises(DataError, match="class 'none', which is not among the training series"):
        clone(fitted).fit(test, validation=dataclasses.replace(test[:2], targets=np.array(["none", "slow"])))
    with pytest.raises(DataError, match=r"shape \(2, 2, 2, 2\)"):
        as_panel(np.zeros((2, 2, 2, 2)))
    with pytest.raises(NotFittedError):
        NeuralCDEClassifier().predict(test)
    with pytest.raises(DataError, match=r"Targets must be numbers.*NeuralCDEClassifier"):
        NeuralCDERegressor(**SMALL).fit(test)


@pytest.mark.slow
def test_numbers_are_predicted_in_their_units(tmp_path):
    random = np.random.default_rng(0)
    rates = random.uniform(1, 3, 80)
    X = np.sin(rates[:, None, None] * np.linspace(0, 2, 9)[:, None])
    targets = np.stack([1000 + 50 * rates, -rates], axis=1)
    regressor = NeuralCDERegressor(max_iter=150, learning_rate=1e-2, **SMALL).fit(X[:60], targets[:60])
    assert regressor.predict(X).shape == (80, 2)
    assert regressor.score(X[60:], targets[60:]) > 0.8
    regressor.save(tmp_path)
    assert (load_estimator(tmp_path).predict(X) == regressor.predict(X)).all()


def test_the_same_seed_gives_the_same_fit_and_training_resumes(tmp_path):
    panel, short = waves(30), {"max_iter": 6, **SMALL, "n_estimators": 1}
    one = NeuralCDEClassifier(**short).fit(panel)
    other = NeuralCDEClassifier(checkpoint_dir=tmp_path, **short).fit(panel)
    assert (one.predict_proba(panel) == other.predict_proba(panel)).all()
    assert (tmp_path / "log.jsonl").exists()
    again = NeuralCDEClassifier(checkpoint_dir=tmp_path, **short).fit(panel)
    assert (again.predict_proba(panel) == one.predict_proba(panel)).all()
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 7


@pytest.mark.slow
def test_it_works_in_pipelines_and_cross_validation():
    panel = waves()
    classifier = NeuralCDEClassifier(max_iter=80, learning_rate=1e-2, **SMALL)
    dropped = make_pipeline(FunctionTransformer(_thinned), classifier)
    assert cross_val_score(dropped, panel, panel.targets, cv=2).min() > 0.7


def _thinned(X):
    return nde.data.drop_observations(as_panel(X), 0.2)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["neural-rde", "gru-dt", "gru-d", "ode-rnn"])
def test_the_other_models_are_trained_in_the_same_way(model):
    test = waves(seed=1)
    classifier = NeuralCDEClassifier(model=model, max_iter=300, learning_rate=1e-2, **SMALL).fit(waves())
    assert classifier.score(test, test.targets) > 0.8


SERIES_NOT_TABLES = {
    "check_n_features_in": "series may be of any length",
    "check_n_features_in_after_fitting": "series may be of any length",
    "check_dataframe_column_names_consistency": "a data frame is a long one, whose columns are named",
    "check_classifiers_train": "series may be of any length",
    "check_regressors_train": "training stops early: a good fit to the training series is not the aim",
    "check_sample_weights_pandas_series": "a data frame is a long one, whose columns are named",
    "check_sample_weight_equivalence_on_dense_data": "folds and batches are of series, repeated or not",
    "check_classifier_data_not_an_array": "a data frame is a long one, whose columns are named",
    "check_regressor_data_not_an_array": "a data frame is a long one, whose columns are named",
    "check_methods_sample_order_invariance": "to single precision only, of which 1e-7 is the rounding",
    "check_methods_subset_invariance": "to single precision only, of which 1e-7 is the rounding",
    "check_do_not_raise_errors_in_init_or_set_params": "in tests annotations are checked when an object is made",
}


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("made", [NeuralCDEClassifier, NeuralCDERegressor])
def test_the_conventions_of_scikit_learn_are_kept(made):
    settings = {"n_estimators": 1, "hidden_size": 8, "width": 16, "max_iter": 150, "learning_rate": 2e-2}
    estimator = made(**settings, random_state=0, progress=False)
    checks = check_estimator(estimator, expected_failed_checks=SERIES_NOT_TABLES, on_fail=None, on_skip=None)
    failed = [f"{each['check_name']}: {each['exception']}" for each in checks if each["status"] == "failed"]
    assert not failed
