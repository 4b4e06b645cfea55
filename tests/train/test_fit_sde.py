"""SDE fits find the true parameters, with correct standard errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from nde.data import DataError, Series
from nde.models import GeometricBrownianMotion, NeuralSDE, OrnsteinUhlenbeck, RandomWalk
from nde.train import fit_sde, row_scores
from nde.train.maximum_likelihood import standard_errors
from tests.train.processes import MEAN, RATE, VOLATILITY, geometric, ornstein_uhlenbeck, ou_log_density

TRUTH = np.array([RATE, MEAN, VOLATILITY])


def estimates(found) -> tuple[np.ndarray, np.ndarray]:
    """Return estimates and standard errors in the order of the model's parameters."""
    values = {name: value for name, (value, _) in found.model.parameters().items()}
    return np.array([*values.values()]), np.array([found.standard_errors[name] for name in values], float)


def second_differences(f, x: np.ndarray) -> np.ndarray:
    """Return the Hessian by finite differences."""
    steps = np.diag(1e-3 * np.abs(x))
    return np.array(
        [
            [(f(x + a + b) - f(x + a - b) - f(x - a + b) + f(x - a - b)) / (4 * a.max() * b.max()) for a in steps]
            for b in steps
        ]
    )


def test_an_ornstein_uhlenbeck_fit_agrees_with_the_exact_likelihood():
    """Estimates are near the truth and agree with those of the exact likelihood, in units of the data."""
    tables = ornstein_uhlenbeck(10, 60)
    found = fit_sde(OrnsteinUhlenbeck.from_tables(tables), tables)
    values, errors = estimates(found)
    exact = minimize(lambda theta: -ou_log_density(theta, tables), TRUTH, method="Nelder-Mead").x
    information = second_differences(lambda theta: -ou_log_density(theta, tables), exact)
    exact_errors = np.sqrt(np.diag(np.linalg.inv(information)))
    assert (np.abs(values - TRUTH) < 2 * errors).all()
    assert (np.abs(values - exact) < 0.4 * exact_errors).all()
    np.testing.assert_allclose(errors, exact_errors, rtol=0.1)


def test_a_geometric_brownian_motion_fit_agrees_with_its_closed_form():
    """Maximum likelihood estimates and their standard errors by the delta method, by hand."""
    table = geometric(0.15, 0.35, 200)
    changes, gaps = np.diff(np.log(table.ys[:, 0])), np.diff(table.ts)
    span, count = gaps.sum(), len(gaps)
    mean = changes.sum() / span
    variance = np.mean((changes - mean * gaps) ** 2 / gaps)
    expected = [mean + variance / 2, np.sqrt(variance)]
    expected_errors = [np.sqrt(variance / span + variance**2 / (2 * count)), np.sqrt(variance / (2 * count))]
    values, errors = estimates(fit_sde(GeometricBrownianMotion.from_tables([table]), [table]))
    np.testing.assert_allclose(values, expected, rtol=1e-4)
    np.testing.assert_allclose(errors, expected_errors, rtol=1e-4)


def test_unidentified_parameters_have_no_standard_error():
    model = GeometricBrownianMotion.from_tables([geometric(0.1, 0.3, 20)])
    for matrix in ([[1.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [0.0, -1.0]], [[np.nan, 0.0], [0.0, 1.0]]):
        assert set(standard_errors(model, jnp.asarray(matrix)).values()) == {None}


def test_a_rate_too_fast_for_the_spacing_has_no_standard_error():
    """White noise identifies its mean, but no rate."""
    white = np.random.default_rng(1).normal(size=(100, 1))
    table = Series("t", ("x",), 5.0 * np.arange(100.0), white)
    errors = fit_sde(OrnsteinUhlenbeck.from_tables([table]), [table]).standard_errors
    assert errors["rate"] is errors["volatility"] is None
    assert errors["mean"] == pytest.approx(0.1, abs=0.03)


def test_a_neural_sde_beats_a_random_walk():
    tables = ornstein_uhlenbeck(10, 60)
    training, test = tables[:8], tables[8:]
    found = fit_sde(NeuralSDE.from_tables(training), training, steps=200)

    def score(model) -> float:
        scores = row_scores(model, test, substeps=4)
        return sum(s.log_densities.sum() for s in scores) / sum(s.values.sum() for s in scores)

    assert score(found.model) > score(RandomWalk.from_tables(training)) + 0.04
    assert found.standard_errors == {}
    assert len(found.losses) <= 200


@pytest.mark.slow
def test_the_same_arguments_give_the_same_fit():
    tables = ornstein_uhlenbeck(2, 20)
    once, twice = (fit_sde(NeuralSDE.from_tables(tables), tables, steps=20) for _ in range(2))
    np.testing.assert_array_equal(once.losses, twice.losses)
    assert jax.tree.all(jax.tree.map(lambda x, y: np.array_equal(x, y), once.model.pull, twice.model.pull))


def test_a_constant_column_has_no_likelihood():
    table = Series("t", ("x",), np.arange(8.0), np.ones((8, 1)))
    with pytest.raises(DataError, match="does not change"):
        OrnsteinUhlenbeck.from_tables([table])


@pytest.mark.slow
def test_standard_errors_are_the_spread_of_many_fits():
    """The spread of exact fits to a hundred simulated data sets; our fits are close to the exact ones one by one."""

    def exact(seed: int) -> np.ndarray:
        tables = ornstein_uhlenbeck(5, 60, seed=seed)
        return minimize(lambda theta: -ou_log_density(theta, tables), TRUTH, method="Nelder-Mead").x

    many = np.stack([exact(seed) for seed in range(100)])
    errors = []
    for seed in range(6):
        tables = ornstein_uhlenbeck(5, 60, seed=seed)
        value, error = estimates(fit_sde(OrnsteinUhlenbeck.from_tables(tables), tables))
        assert (np.abs(value - many[seed]) < 0.5 * error).all()
        errors.append(error)
    np.testing.assert_allclose(np.mean(errors, axis=0), many.std(axis=0), rtol=0.25)
