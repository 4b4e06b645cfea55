"""The density estimator, on known distributions."""

import pickle

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from nde.data import DataError
from nde.estimators import FlowDensity, load_estimator

SMALL = {"width": 32, "depth": 2, "random_state": 0, "progress": False, "tolerance": 1e-4, "batch_size": 128}


def two_heaps(count, seed):
    """A mixture of two normal distributions, around 1000 and 1100 with deviation 5; and its log-density."""
    random = np.random.default_rng(seed)
    X = random.choice([1000.0, 1100.0], (count, 1)) + random.normal(0.0, 5.0, (count, 1))
    return X, np.log(0.5 * (norm.pdf(X[:, 0], 1000.0, 5.0) + norm.pdf(X[:, 0], 1100.0, 5.0)))


@pytest.fixture(scope="module")
def density():
    return FlowDensity(max_iter=1000, **SMALL).fit(two_heaps(2000, 0)[0])


def test_densities_are_in_the_units_of_the_data(density):
    X, exact = two_heaps(1000, 1)
    assert density.score(X) > exact.mean() - 0.15
    assert density.score(X) == pytest.approx(density.score_samples(X).mean())
    grid = np.linspace(900.0, 1200.0, 1000)
    assert np.trapezoid(np.exp(density.score_samples(grid[:, None])), grid) == pytest.approx(1.0, abs=0.01)


def test_samples_are_like_the_data(density):
    drawn = density.sample(1000, random_state=0)
    assert drawn.shape == (1000, 1)
    assert 0.4 < (drawn > 1050).mean() < 0.6
    assert (np.abs(np.abs(drawn - 1050) - 50) < 20).mean() > 0.95
    np.testing.assert_array_equal(density.sample(1000, random_state=0), drawn)


def test_a_saved_or_pickled_estimator_predicts_the_same(density, tmp_path):
    X, _ = two_heaps(1000, 1)
    density.save(tmp_path)
    for again in (load_estimator(tmp_path), pickle.loads(pickle.dumps(density))):
        np.testing.assert_array_equal(again.score_samples(X), density.score_samples(X))
        assert clone(again).get_params() == {**density.get_params(), **again.get_params()}


def test_a_conditional_distribution_follows_its_condition():
    random = np.random.default_rng(0)
    condition = random.uniform(-2.0, 2.0, (2000, 1))
    X = 100 + 10 * condition + random.normal(0.0, 1.0, (2000, 1))
    density = FlowDensity(max_iter=800, validation_fraction=0.0, **SMALL).fit(X, condition=condition)
    drawn = density.sample(2000, condition=np.repeat([[-1.0], [1.0]], 1000, axis=0), random_state=0)
    means = drawn.reshape(2, 1000).mean(axis=1)
    np.testing.assert_allclose(means, [90.0, 110.0], atol=0.5)
    assert density.score(X[:1000], condition=condition[:1000]) > norm.logpdf(0.0) - 0.5 - 0.15
    with pytest.raises(DataError, match="condition must have 1 components, as in fit; got 0"):
        density.score(X)
    with pytest.raises(DataError, match="got 2 rows for 3 points"):
        density.sample(3, condition=[[0.0], [1.0]])


def test_misuse_raises_clear_errors(density):
    X, _ = two_heaps(50, 0)
    with pytest.raises(ValueError, match="method must be 'matching' or 'likelihood'; got 'best'"):
        FlowDensity(method="best").fit(X)
    with pytest.raises(ValueError, match="validation_fraction must be at least 0 and less than 1; got 1"):
        FlowDensity(validation_fraction=1).fit(X)
    with pytest.raises(ValueError, match="n_samples must be at least 1; got 0"):
        density.sample(0)
    with pytest.raises(DataError, match="condition must have 0 components, as in fit; got 1"):
        density.score_samples(X, condition=X)


@pytest.mark.slow
def test_maximum_likelihood_works_and_so_do_pipelines():
    X, exact = two_heaps(1000, 0)
    pipeline = make_pipeline(StandardScaler(), FlowDensity(method="likelihood", max_iter=400, **SMALL))
    scores = cross_val_score(pipeline, X, cv=2)
    assert scores.min() > exact.mean() + np.log(X.std()) - 0.3


NOT_KEPT = {
    "check_methods_sample_order_invariance": "to single precision only, of which 1e-7 is the rounding",
    "check_methods_subset_invariance": "to single precision only, of which 1e-7 is the rounding",
    "check_do_not_raise_errors_in_init_or_set_params": "in tests annotations are checked when an object is made",
}


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_conventions_of_scikit_learn_are_kept():
    estimator = FlowDensity(max_iter=20, **SMALL)
    checks = check_estimator(estimator, expected_failed_checks=NOT_KEPT, on_fail=None, on_skip=None)
    failed = [f"{each['check_name']}: {each['exception']}" for each in checks if each["status"] == "failed"]
    assert not failed
