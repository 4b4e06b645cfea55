"""Series in scikit-learn's tools: groups, searches, clones, and the output of transformers."""

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline

import nde
from nde.estimators import LatentODEImputer, NeuralCDEClassifier, PanelImputer, as_panel

COUNT = 24
CLASSES = np.array(["slow", "fast"])[np.arange(COUNT) % 2]
PATIENTS = np.arange(COUNT) // 4
"""Each patient has four series."""


def panel() -> nde.TimeSeries:
    ts = np.linspace(0, 3, 8)
    waves = np.sin((1 + 2 * (CLASSES == "fast"))[:, None] * ts + PATIENTS[:, None])
    ids = [f"{patient}-{place}" for place, patient in enumerate(PATIENTS)]
    return nde.TimeSeries.from_arrays(waves, ts, ids=ids, targets=CLASSES, channels=["height"])


class Observer(ClassifierMixin, BaseEstimator):
    """A classifier that keeps which series it has seen."""

    def fit(self, X: Any, y: Any) -> "Observer":
        self.classes_ = np.unique(y)
        self.seen_ = as_panel(X)
        return self

    def predict(self, X: Any) -> np.ndarray:
        self.asked_ = as_panel(X)
        return np.full(len(self.asked_), self.classes_[0])


def frames() -> list[pd.DataFrame]:
    return [pd.DataFrame({"height": record.ys[:, 0]}, index=record.ts) for record in panel()]


@pytest.mark.parametrize("X", [panel(), frames()], ids=["a panel", "a list of frames"])
def test_series_of_a_group_stay_together(X):
    found = cross_validate(
        Observer(), X, CLASSES, groups=PATIENTS, cv=GroupKFold(3), return_estimator=True, return_indices=True
    )
    for fitted, train, test in zip(found["estimator"], *found["indices"].values(), strict=True):
        assert set(PATIENTS[train]).isdisjoint(PATIENTS[test])
        for seen, places in ((fitted.seen_, train), (fitted.asked_, test)):
            np.testing.assert_array_equal(seen.ys, panel()[places].ys)
            np.testing.assert_array_equal(seen.ts, panel()[places].ts)
    ids = [fitted.seen_.ids for fitted in found["estimator"]]
    assert all(fitted.seen_.channels == ("height",) for fitted in found["estimator"])
    if isinstance(X, nde.TimeSeries):
        assert ids == [panel()[places].ids for places in found["indices"]["train"]]


@pytest.mark.slow
def test_a_search_over_parameters_with_groups():
    base = NeuralCDEClassifier(n_estimators=1, hidden_size=4, width=4, random_state=0, progress=False)
    search = GridSearchCV(base, {"max_iter": [1, 200], "learning_rate": [1e-2]}, cv=GroupKFold(2))
    search.fit(panel(), CLASSES, groups=PATIENTS)
    assert search.best_params_["max_iter"] == 200
    assert search.best_score_ > 0.8
    assert search.predict(panel()).shape == (COUNT,)


def gaps() -> pd.DataFrame:
    """Two series of days with two gaps."""
    days = pd.date_range("2024-01-01", periods=6)
    index = pd.MultiIndex.from_product([["b", "a"], days], names=["who", "day"])
    frame = pd.DataFrame({"x": np.arange(12.0), "y": np.arange(12.0) ** 2}, index=index)
    frame.loc[("b", days[2]), "x"] = np.nan
    frame.loc[("a", days[4]), "y"] = np.nan
    return frame


@pytest.fixture(scope="module")
def imputer() -> LatentODEImputer:
    sizes = {"latent_size": 2, "hidden_size": 4, "state_size": 2, "width": 4, "depth": 1}
    return LatentODEImputer(**sizes, max_iter=1, random_state=0, progress=False).fit(gaps())


def test_an_imputer_returns_the_frame_that_it_was_given_with_its_gaps_filled(imputer):
    default = imputer.transform(gaps())
    assert isinstance(default, nde.TimeSeries)
    chosen = pickle.loads(pickle.dumps(imputer)).set_output(transform="pandas")
    frame = chosen.transform(gaps())
    assert list(frame.columns) == list(chosen.get_feature_names_out()) == ["x", "y"]
    pd.testing.assert_index_equal(frame.index, gaps().index, check_names=False, exact="equiv")
    assert frame.notna().all(axis=None)
    known = gaps().notna().to_numpy()
    np.testing.assert_array_equal(frame.to_numpy()[known], gaps().to_numpy()[known])
    np.testing.assert_array_equal(frame.to_numpy(), default.ys)
    assert isinstance(chosen.set_output().transform(gaps()), pd.DataFrame)
    assert isinstance(chosen.set_output(transform="default").transform(gaps()), nde.TimeSeries)


def test_an_imputer_of_many_series_returns_frames_too():
    lines = PanelImputer(methods=["linear interpolation"], random_state=0).fit(gaps())
    assert isinstance(lines.transform(gaps()), nde.TimeSeries)
    frame = clone(lines).set_output(transform="pandas").fit_transform(gaps())
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == list(lines.get_feature_names_out()) == ["x", "y"]
    assert frame.loc["b", "x"].tolist() == list(range(6))


def test_the_output_is_kept_by_clones_and_pipelines_and_set_for_all(imputer):
    chosen = clone(clone(imputer).set_output(transform="pandas"))
    assert not hasattr(chosen, "model_")
    chosen.model_, chosen.normalization_ = imputer.model_, imputer.normalization_  # as `fit` would, for less time
    assert isinstance(chosen.transform(gaps()), pd.DataFrame)
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(imputer.transform(gaps()), pd.DataFrame)
    pipeline = make_pipeline(pickle.loads(pickle.dumps(imputer))).set_output(transform="pandas")
    assert isinstance(pipeline.transform(gaps()), pd.DataFrame)


def test_outputs_and_names_that_do_not_exist_are_refused(imputer):
    with pytest.raises(ValueError, match=r"'default' or 'pandas'; got 'polars'.*from_pandas"):
        imputer.set_output(transform="polars")
    with sklearn.config_context(transform_output="polars"), pytest.raises(ValueError, match="got 'polars'"):
        imputer.transform(gaps())
    assert imputer.get_feature_names_out(["x", "y"]).tolist() == ["x", "y"]
    with pytest.raises(ValueError, match="fitted to, x, y; got x, z"):
        imputer.get_feature_names_out(["x", "z"])
    with pytest.raises(NotFittedError):
        clone(imputer).get_feature_names_out()
