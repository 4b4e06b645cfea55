"""Intervals have the width and coverage that theory predicts."""

import numpy as np
import pytest

import nde
from nde.metrics import Bootstrap, Estimate, deviation
from nde.metrics.bootstrap import groups_of


def _mean(values):
    return lambda weights: weights @ values / weights.sum(axis=1)


def test_the_interval_of_a_mean_is_as_wide_as_its_standard_error_says():
    values = np.random.default_rng(0).normal(size=400)
    found = Bootstrap(draws=4000).estimate(_mean(values), range(400))
    half = 1.96 * values.std() / 20.0
    np.testing.assert_allclose([found.low, found.high], [values.mean() - half, values.mean() + half], atol=0.08 * half)


def test_series_with_the_same_id_are_resampled_together():
    """Copies add no information: the mean of four copies of a hundred numbers has the error of the hundred."""
    values = np.repeat(np.random.default_rng(1).normal(size=100), 4)
    alone = Bootstrap(draws=4000).estimate(_mean(values), range(400))
    together = Bootstrap(draws=4000).estimate(_mean(values), np.repeat(range(100), 4).tolist())
    np.testing.assert_allclose((together.high - together.low) / (alone.high - alone.low), 2.0, rtol=0.08)


def test_intervals_have_nominal_coverage():
    covered = 0
    for seed in range(100):
        values = np.random.default_rng([7, seed]).normal(size=50)
        covered += Bootstrap(draws=300, level=0.9, seed=seed).estimate(_mean(values), range(50)).covers(0.0)
    # Of 100 trials at 0.88, what a mean of 50 has, 3.5 deviations to both sides.
    assert 76 <= covered <= 99


def test_a_distance_between_equal_distributions_has_uniform_p_values():
    """The difference of means, for which a permutation test is exact."""
    found = []
    for seed in range(100):
        values = np.random.default_rng([8, seed]).normal(size=40)

        def difference(a, b, values=values):
            return np.abs(_mean(values)(a) - _mean(values)(b))

        found.append(Bootstrap(draws=99, seed=seed).distance(difference, range(20), range(20)).p_value)
    below = np.array([np.mean(np.array(found) <= share) for share in (0.1, 0.25, 0.5, 0.75, 0.9)])
    # Kolmogorov's distance of 100 uniform numbers is beyond 0.195 once in a thousand.
    assert np.abs(below - [0.1, 0.25, 0.5, 0.75, 0.9]).max() < 0.195


def test_the_interval_of_a_distance_is_around_it():
    values = np.concatenate([np.random.default_rng(9).normal(size=60), np.random.default_rng(10).normal(1.0, 1.0, 60)])
    found = Bootstrap().distance(lambda a, b: np.abs(_mean(values)(a) - _mean(values)(b)), range(60), range(60))
    assert found.low < found.value < found.high
    assert found.p_value == 1 / 501
    assert found.null_mean < 0.25 * found.value


def test_the_same_seed_gives_the_same_interval():
    walks = np.random.default_rng(0).normal(size=(20, 10)).cumsum(axis=1)
    once, again, other = (deviation(walks, bootstrap=Bootstrap(seed=seed)) for seed in (3, 3, 4))
    assert str(once) == str(again)
    assert once.low != other.low


def test_the_order_of_series_matters_to_the_interval_only_by_chance():
    walks = np.random.default_rng(0).normal(size=(40, 10)).cumsum(axis=1)
    once, turned = deviation(walks), deviation(walks[::-1])
    np.testing.assert_allclose(once.value, turned.value, rtol=1e-12)


def test_names_may_be_of_any_kind():
    assert groups_of(["a", 1, ("a", 2), "a", 1]).tolist() == [0, 1, 2, 0, 1]


def test_an_estimate_prints_its_interval():
    estimate = Estimate(np.array([0.5, 2.0]), np.array([0.4, 1.0]), np.array([0.625, 2.5]))
    assert str(estimate[0]) == "0.5 [0.4, 0.625]"
    assert str(estimate) == "(0.5 [0.4, 0.625], 2 [1, 2.5])"
    assert estimate.covers(2.0).tolist() == [False, True]
    assert estimate[1].covers(2.0) is True


@pytest.mark.parametrize("settings", [{"draws": 1}, {"level": 1.0}, {"level": 0.0}])
def test_invalid_settings_are_refused(settings):
    with pytest.raises(ValueError, match=r"draws must be at least 2|level must be between 0 and 1"):
        Bootstrap(**settings)


def test_series_with_distinct_ids_are_separate_clusters():
    walks = np.random.default_rng(0).normal(size=(30, 10)).cumsum(axis=1)
    copies = nde.TimeSeries.from_arrays(np.repeat(walks, 3, axis=0), ids=np.repeat(range(30), 3).tolist())
    once, thrice = deviation(walks), deviation(copies)
    np.testing.assert_allclose(np.stack([once.value, once.low, once.high]), [thrice.value, thrice.low, thrice.high])
