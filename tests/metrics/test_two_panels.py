"""Scores of two panels: equal distributions are not distinguished, different ones are."""

import numpy as np
import pytest
from scipy import stats
from sklearn.base import BaseEstimator, ClassifierMixin

import nde
from nde.data import DataError
from nde.estimators import NeuralCDEClassifier
from nde.metrics import (
    Bootstrap,
    compare_series,
    feature_mmd,
    marginal_distance,
    real_against_fake,
    series_features,
    signature_feature_mmd,
    train_on_synthetic,
)

FEW = Bootstrap(draws=200)


def walks(seed, count=60, length=24):
    return np.random.default_rng(seed).normal(size=(count, length)).cumsum(axis=1)


def fat(seed, count=60, length=24):
    return np.random.default_rng(seed).standard_t(3, (count, length)).cumsum(axis=1) / np.sqrt(3.0)


def test_equal_distributions_are_not_distinguished():
    sure = Bootstrap(draws=200, level=0.99)
    found = [real_against_fake(walks([0, seed]), walks([1, seed]), bootstrap=sure) for seed in range(4)]
    assert sum(each.accuracy.covers(0.5) for each in found) >= 3
    assert abs(np.mean([each.accuracy.value for each in found]) - 0.5) < 0.1
    assert abs(np.mean([each.auc.value for each in found]) - 0.5) < 0.1


@pytest.mark.parametrize("other", [lambda: 1.4 * walks(1), lambda: fat(1), lambda: walks(1) + np.linspace(0, 8, 24)])
def test_different_distributions_are_distinguished(other):
    found = real_against_fake(walks(0), other(), bootstrap=FEW)
    assert found.accuracy.low > 0.55
    assert found.auc.low > 0.55


def test_a_classifier_gets_panels_and_is_tested_on_unseen_series():
    class ByRange(ClassifierMixin, BaseEstimator):
        def fit(self, panel, labels):
            self.seen_ = set(panel.ids)
            return self

        def predict(self, panel):
            assert not self.seen_ & set(panel.ids)
            return np.array([int(np.ptp(record.ys) > 100.0) for record in panel])

    found = real_against_fake(walks(0, 20), 1000.0 * walks(1, 30), classifier=ByRange(), folds=4)
    np.testing.assert_allclose(found.accuracy.value, 1.0)
    assert found.auc is None


@pytest.mark.slow
def test_a_neural_classifier_distinguishes_waves_from_their_mirror_images():
    ts, phases = np.linspace(0.0, 3.0, 15), np.random.default_rng(0).uniform(0.0, 1.0, (60, 1))
    waves = np.sin(ts + phases)
    classifier = NeuralCDEClassifier(max_iter=60, n_estimators=1, random_state=0, progress=False)
    found = real_against_fake(waves[:30], -waves[30:], classifier=classifier, folds=2, bootstrap=FEW)
    assert found.accuracy.value > 0.9
    assert found.auc is not None


def test_series_with_the_same_id_stay_in_one_fold():
    """A classifier could memorize copies in other folds."""

    class Remembering(ClassifierMixin, BaseEstimator):
        def fit(self, panel, labels):
            self.known_ = {record.ys.tobytes(): label for record, label in zip(panel, labels, strict=True)}
            return self

        def predict(self, panel):
            assert not any(record.ys.tobytes() in self.known_ for record in panel)
            return np.zeros(len(panel), int)

    names = np.repeat(range(10), 3).tolist()
    real, fake = (nde.TimeSeries.from_arrays(np.repeat(walks(seed, 10), 3, axis=0), ids=names) for seed in (0, 1))
    np.testing.assert_allclose(real_against_fake(real, fake, classifier=Remembering()).accuracy.value, 0.5)


def test_features_do_not_depend_on_padding_order_or_ids():
    values = np.random.default_rng(0).normal(size=(12, 20, 2)).cumsum(axis=1)
    values[:6, 14:] = np.nan
    values[3, 5:9, 0] = np.nan
    ragged = [each[:14] if place < 6 else each for place, each in enumerate(values)]
    once = series_features(nde.TimeSeries.from_arrays(ragged))
    short = series_features(nde.TimeSeries.from_arrays(ragged[:6]), normalization=_normalization(ragged))
    np.testing.assert_allclose(once[:6], short, rtol=2e-4, atol=2e-4)
    np.testing.assert_allclose(series_features(nde.TimeSeries.from_arrays(ragged[::-1]))[::-1], once, atol=1e-5)
    assert np.isfinite(once).all()


def _normalization(ragged):
    return nde.data.Normalization.fit(nde.TimeSeries.from_arrays(ragged), times=True)


@pytest.mark.parametrize("measure", [feature_mmd, signature_feature_mmd])
def test_discrepancies_of_equal_and_of_different_distributions(measure):
    p = [measure(walks([2, seed]), walks([3, seed]), bootstrap=FEW).p_value for seed in range(4)]
    assert np.median(p) > 0.05
    different = measure(walks(0), 2.0 * walks(1), bootstrap=FEW)
    assert different.p_value == 1 / 201
    assert different.low > 0.0
    assert abs(different.null_mean) < 0.2 * different.value


def test_the_discrepancy_is_the_mean_over_pairs():
    """Computed pair by pair, with custom features."""
    rows = np.random.default_rng(4).normal(size=(14, 3))
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    squares = np.array([[np.sum((a - b) ** 2) for b in rows] for a in rows])
    kernel = np.exp(-squares / np.median(squares[np.triu_indices(14, 1)]))
    within = [[kernel[i, j] for i in some for j in some if i != j] for some in (range(6), range(6, 14))]
    expected = np.mean(within[0]) + np.mean(within[1]) - 2 * np.mean(kernel[:6, 6:])
    found = feature_mmd(walks(0, 6), walks(1, 8), features=lambda panel: rows, bootstrap=Bootstrap(draws=2))
    np.testing.assert_allclose(found.value, expected, rtol=1e-10)


def test_marginal_distances_are_those_of_scipy():
    real, fake = walks(0, 40, 10), 1.5 * walks(1, 50, 10) + 0.3
    at = np.array([2.0, 5.5, 9.0])
    few = Bootstrap(draws=2)
    areas = marginal_distance(real, fake, at=at, bootstrap=few).value[:, 0]
    gaps = marginal_distance(real, fake, at=at, distance="kolmogorov-smirnov", bootstrap=few).value[:, 0]
    for time, area, gap in zip(at, areas, gaps, strict=True):
        a, b = ([np.interp(time, np.arange(10), row) for row in x] for x in (real, fake))
        np.testing.assert_allclose(area, stats.wasserstein_distance(a, b) / np.std(a), rtol=1e-8)
        np.testing.assert_allclose(gap, stats.ks_2samp(a, b).statistic, rtol=1e-8)
    steps = marginal_distance(real, fake, of="increments", bootstrap=few).value[0]
    a, b = np.diff(real).ravel(), np.diff(fake).ravel()
    np.testing.assert_allclose(steps, stats.wasserstein_distance(a, b) / np.std(a), rtol=1e-8)


def test_marginals_of_equal_and_of_different_distributions():
    assert np.min(marginal_distance(walks(4), walks(5), at=2).p_value) > 0.01
    different = marginal_distance(walks(4), walks(5) + 3.0, at=2, bootstrap=FEW)
    assert np.max(different.p_value) == 1 / 201
    # A shift is as far as it is long, in deviations.
    deviation = walks(4)[:, [11, 23]].std(axis=0)
    np.testing.assert_allclose(np.asarray(different.value)[:, 0] * deviation, 3.0, atol=1.0)


def test_training_on_the_same_distribution_is_as_good():
    ts = np.linspace(0.0, 6.0, 30)
    phases = np.random.default_rng(0).uniform(0.0, 6.0, (120, 1))
    waves = np.sin(ts + phases) + 0.05 * np.random.default_rng(1).normal(size=(120, 30))
    same = train_on_synthetic(waves[:40], waves[40:80], waves[80:])
    assert same.real.value < 0.2
    np.testing.assert_allclose(same.ratio.value, 1.0, atol=0.25)
    np.testing.assert_allclose(same.ratio.value, same.synthetic.value / same.real.value, rtol=1e-8)
    other = train_on_synthetic(waves[:40], waves[40:80, ::-1] ** 3, waves[80:])
    assert other.ratio.low > 1.1


def test_the_values_of_a_random_walk_are_unpredictable():
    found = train_on_synthetic(walks(0, 200), walks(1, 200), walks(2, 200))
    np.testing.assert_allclose([found.real.value, found.synthetic.value], 1.0, atol=0.1)


def test_all_scores_are_in_one_table():
    real = np.stack([walks(0, 40), walks(1, 40)], axis=-1)
    fake = np.stack([walks(2, 40), 2.0 * walks(3, 40)], axis=-1)
    found = compare_series(nde.TimeSeries.from_arrays(real, channels=["a", "b"]), fake, bootstrap=Bootstrap(draws=100))
    by_name = {score.name: score for score in found.scores}
    assert by_name["b, Wasserstein distance at 4/4 of the time"].p_value < 0.02
    assert by_name["a, Wasserstein distance of increments"].p_value > 0.02
    statistics = {each.name: each for each in found.statistics}
    assert statistics["a, standard deviation of increments"].fake.covers(1.0)
    assert statistics["b, standard deviation of increments"].fake.covers(2.0)
    assert f"{found}".count("\n| ") == len(found.scores) + len(found.statistics) + 3
    assert len(found.to_dict()["scores"]) == len(found.scores)


def test_misuse_is_refused():
    real = np.zeros((10, 8, 2)) + walks(0, 10, 8)[..., None]
    with pytest.raises(DataError, match="2 channels and generated ones with 1"):
        feature_mmd(real, walks(1, 10, 8))
    named = [nde.TimeSeries.from_arrays(real, channels=names) for names in (["a", "b"], ["b", "a"])]
    with pytest.raises(DataError, match="same order"):
        feature_mmd(*named)
    with pytest.raises(DataError, match="Got 3 generated series; at least 5"):
        real_against_fake(walks(0), walks(1, 3))
    with pytest.raises(ValueError, match="folds"):
        real_against_fake(walks(0), walks(1), folds=1)
    with pytest.raises(ValueError, match="share"):
        train_on_synthetic(walks(0), walks(1), walks(2), share=1.0)
    with pytest.raises(ValueError, match=r"distance must be .* got 'energy'"):
        marginal_distance(walks(0), walks(1), distance="energy")
    with pytest.raises(ValueError, match="when at is given"):
        marginal_distance(walks(0), walks(1), at=3, of="increments")
    with pytest.raises(DataError, match="no times in common"):
        marginal_distance(walks(0), nde.TimeSeries.from_arrays(walks(1), np.arange(100.0, 124.0)), at=3)
    with pytest.raises(DataError, match="'x0' of the generated series has no value at time number 2"):
        marginal_distance(walks(0), walks(1, length=10), at=np.array([5.0, 15.0]))
    with pytest.raises(DataError, match="row of finite numbers"):
        feature_mmd(walks(0), walks(1), features=lambda panel: np.zeros(3))
    with pytest.raises(DataError, match="3 distinct ids of real"):
        real_against_fake(nde.TimeSeries.from_arrays(walks(0, 12), ids=[0, 1, 2] * 4), walks(1, 12))
