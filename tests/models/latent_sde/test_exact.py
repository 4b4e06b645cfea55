"""The ELBO, samples and posterior paths, against the exact ones of a linear model."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multivariate_normal

import nde
from tests.models.latent_sde.exact import ERROR, MEAN, NOISE, RATE, VARIANCE, Exact, exact_model, moments

TS = jnp.array([0.2, 0.3, 0.7, 0.9, 1.6, 2.0])
YS = jnp.array([[0.9], [0.4], [jnp.nan], [-0.5], [0.3], [jnp.nan]])
LENGTH, PATHS = 5, 3000


@eqx.filter_jit
def bounds(model):
    """Return the ELBO terms of many paths of the same series."""
    many = jax.tree.map(lambda x: jnp.broadcast_to(x, (PATHS, *x.shape)), (TS, YS, jnp.asarray(LENGTH)))
    return model.bounds(*many, jax.random.key(1))


def log_evidence():
    """Return the log-density of the observations, from their joint distribution."""
    seen = np.flatnonzero(~np.isnan(np.asarray(YS[:LENGTH, 0])))
    mean, covariance = moments(TS)
    covariance = covariance[np.ix_(seen, seen)] + ERROR**2 * np.eye(len(seen))
    return multivariate_normal.logpdf(np.asarray(YS)[seen, 0], mean[seen], covariance)


def mean_and_error(samples):
    samples = np.asarray(samples, float)
    return samples.mean(), samples.std() / len(samples) ** 0.5


def test_with_the_exact_posterior_the_elbo_is_the_log_evidence():
    found, error = mean_and_error(bounds(exact_model(substeps=16)).elbo())
    assert error < 0.05
    assert found == pytest.approx(log_evidence(), abs=4 * error + 0.03)


@pytest.mark.parametrize("trust", [0.3, 1.5])
def test_with_another_posterior_the_elbo_is_lower(trust):
    found, error = mean_and_error(bounds(exact_model(trust, substeps=16)).elbo())
    assert found < log_evidence() - 0.05 - 4 * error


def test_the_kl_divergence_of_paths_agrees_with_that_of_two_linear_sdes():
    """If the drifts differ by `0.8 z`, it is an integral of the second moment of `z`."""

    class Shifted(Exact):
        def __call__(self, state, embedding):
            del embedding
            return -(RATE + 0.8) * state[1:]

    model = eqx.tree_at(lambda m: m.posterior_drift, exact_model(substeps=16), Shifted(jnp.ones(())))
    many = [jnp.broadcast_to(x, (PATHS, *x.shape)) for x in (TS, jnp.full_like(YS, jnp.nan))]
    terms = eqx.filter_jit(model.bounds)(*many, jnp.full(PATHS, LENGTH), jax.random.key(3))
    found, error = mean_and_error(terms.kl_path)
    rate, fine = RATE + 0.8, np.linspace(0.0, float(TS[LENGTH - 1] - TS[0]), 2001)
    decay, level = np.exp(-2 * rate * fine), NOISE**2 / (2 * rate)
    square = level + (MEAN**2 + VARIANCE - level) * decay
    expected = np.trapezoid(0.5 * (0.8 / NOISE) ** 2 * square, fine)
    assert found == pytest.approx(expected, abs=4 * error + 0.01)
    np.testing.assert_allclose(terms.kl_initial, 0.0, atol=1e-6)
    np.testing.assert_array_equal(terms.log_likelihood, 0.0)


@pytest.mark.parametrize("solver", [nde.Euler(), nde.ReversibleHeun()], ids=lambda s: type(s).__name__)
def test_samples_have_the_moments_of_the_prior(solver):
    model, ts = exact_model(substeps=16, solver=solver), TS[jnp.array([0, 2, 4])]
    draw = eqx.filter_jit(jax.vmap(lambda key: model.sample(ts, key=key)[:, 0]))
    paths = np.asarray(draw(jax.random.split(jax.random.key(4), PATHS)), float)
    mean, covariance = moments(ts)
    covariance = covariance + ERROR**2 * np.eye(3)
    np.testing.assert_allclose(paths.mean(axis=0), mean, atol=4 * (covariance.diagonal().max() / PATHS) ** 0.5 + 0.01)
    np.testing.assert_allclose(np.cov(paths.T), covariance, atol=0.05)


def test_posterior_paths_have_the_moments_of_the_exact_posterior_between_and_after_rows():
    model, ts_new = exact_model(substeps=16), jnp.array([0.2, 0.5, 0.9, 1.2, 1.6, 2.5])
    draw = eqx.filter_jit(jax.vmap(lambda key: model.posterior(TS, YS, LENGTH, ts_new, key=key)[:, 0]))
    paths = np.asarray(draw(jax.random.split(jax.random.key(5), PATHS)), float)
    seen = np.flatnonzero(~np.isnan(np.asarray(YS[:LENGTH, 0])))
    mean, covariance = moments(np.concatenate([ts_new, TS[seen]]))
    new, old = slice(None, len(ts_new)), slice(len(ts_new), None)
    gain = np.linalg.solve(covariance[old, old] + ERROR**2 * np.eye(len(seen)), covariance[old, new]).T
    exact_mean = mean[new] + gain @ (np.asarray(YS)[seen, 0] - mean[old])
    exact_covariance = covariance[new, new] - gain @ covariance[old, new]
    np.testing.assert_allclose(paths.mean(axis=0), exact_mean, atol=0.03)
    np.testing.assert_allclose(np.cov(paths.T), exact_covariance, atol=0.03)
