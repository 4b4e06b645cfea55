"""Tails of distributions whose index and kurtosis are known."""

import numpy as np
import pytest
from scipy import stats

import nde
from nde.data import DataError
from nde.metrics import Bootstrap, deviation, kurtosis, tail_index


def _of_steps(steps):
    return np.concatenate([np.zeros_like(steps[:, :1]), steps.cumsum(axis=1)], axis=1)


def test_the_kurtosis_is_that_of_scipy():
    steps = np.random.default_rng(0).standard_t(5, (30, 40))
    found = kurtosis(_of_steps(steps), bootstrap=Bootstrap(draws=2))
    np.testing.assert_allclose(found.value[0], stats.kurtosis(steps.ravel()), rtol=1e-8)
    np.testing.assert_allclose(deviation(_of_steps(steps)).value[0], steps.std(), rtol=1e-8)


@pytest.mark.parametrize(("steps", "expected"), [("normal", 0.0), ("laplace", 3.0), ("student", 6 / (12 - 4))])
def test_the_interval_of_kurtosis_contains_the_true_value(steps, expected):
    random = np.random.default_rng(1)
    drawn = {"normal": random.normal, "laplace": random.laplace, "student": lambda size: random.standard_t(12, size)}
    found = kurtosis(_of_steps(drawn[steps](size=(400, 100))), bootstrap=Bootstrap(level=0.99))[0]
    assert found.covers(expected)
    assert found.high - found.low < 0.9


@pytest.mark.parametrize("index", [2.0, 3.5])
def test_the_tail_index_of_a_pareto_distribution_is_its_exponent(index):
    """The Hill estimator is then the maximum likelihood estimator, with relative error `1 / sqrt(rows in the tail)`."""
    values = (1.0 + np.random.default_rng(2).pareto(index, (200, 100))) * np.array([1.0, -1.0])[
        np.arange(200) % 2, None
    ]
    found = tail_index(values, share=0.1, of="values")[0]
    np.testing.assert_allclose(found.value, index, rtol=4 / np.sqrt(2000))
    assert found.covers(index)
    np.testing.assert_allclose((found.high - found.low) / found.value, 2 * 1.96 / np.sqrt(2000), rtol=0.35)


def test_the_tail_index_is_hills_formula():
    values = np.random.default_rng(3).standard_t(3, (10, 50))
    largest = np.sort(np.abs(values).ravel())[::-1]
    expected = 1 / np.mean(np.log(largest[:25] / largest[25]))
    found = tail_index(values, share=0.05, of="values", bootstrap=Bootstrap(draws=2))
    np.testing.assert_allclose(found.value[0], expected, rtol=1e-10)


def test_each_side_has_its_own_tail():
    random = np.random.default_rng(4)
    values = np.where(
        random.random((100, 100)) < 0.5, random.pareto(2.0, (100, 100)) + 1, -random.pareto(6.0, (100, 100)) - 1
    )
    up, down = (tail_index(values, share=0.05, side=side, of="values")[0] for side in ("upper", "lower"))
    assert up.covers(2.0)
    assert down.covers(6.0)


def test_missing_values_padding_and_the_order_of_series_change_nothing():
    values = np.random.default_rng(5).normal(size=(20, 30, 2))
    values[:10, 25:] = np.nan
    lengths = [25] * 10 + [30] * 10
    ragged = nde.TimeSeries.from_arrays([each[:length] for each, length in zip(values, lengths, strict=True)])
    for measure in (deviation, kurtosis, tail_index):
        once = measure(values, bootstrap=Bootstrap(draws=2)).value
        np.testing.assert_allclose(measure(ragged, bootstrap=Bootstrap(draws=2)).value, once, rtol=1e-10)
        np.testing.assert_allclose(measure(values[::-1], bootstrap=Bootstrap(draws=2)).value, once, rtol=1e-10)


def test_increments_are_per_square_root_of_time():
    random = np.random.default_rng(6)
    ts = np.cumsum(random.uniform(0.1, 3.0, (100, 60)), axis=1)
    steps = random.normal(size=(100, 59)) * np.sqrt(np.diff(ts, axis=1)) * 2.0
    panel = nde.TimeSeries.from_arrays(_of_steps(steps), ts)
    assert deviation(panel)[0].covers(2.0)
    assert kurtosis(panel)[0].covers(0.0)


def test_a_constant_channel_has_no_kurtosis():
    assert np.isnan(kurtosis(np.ones((5, 10))).value).all()
    assert deviation(np.ones((5, 10))).value.tolist() == [0.0]


def test_misuse_is_refused():
    walks = np.random.default_rng(0).normal(size=(5, 10))
    with pytest.raises(ValueError, match="share"):
        tail_index(walks, share=1.5)
    with pytest.raises(ValueError, match="side"):
        tail_index(walks, side="left")
    with pytest.raises(ValueError, match="got 'returns'"):
        kurtosis(walks, of="returns")
    with pytest.raises(DataError, match="shape"):
        kurtosis(np.zeros((2, 2, 2, 2)))
