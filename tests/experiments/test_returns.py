"""A neural equation learns clusters of volatility that a random walk has not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.stochastic_volatility import StochasticVolatility, slices, trained
from nde.metrics import Bootstrap, kurtosis, volatility_clustering


def test_slices_are_differences_of_neighboring_blocks():
    returns = np.random.default_rng(0).normal(size=(3, 8))
    sizes = np.log(returns**2 + 0.05)
    found = slices(jnp.asarray(returns))
    np.testing.assert_allclose(found[1], sizes.mean(axis=1), rtol=1e-4)
    np.testing.assert_allclose(found[2].reshape(3, 7), np.diff(sizes), rtol=1e-3, atol=1e-4)
    halves = sizes.reshape(3, 2, 4).mean(axis=2)
    np.testing.assert_allclose(found[4].reshape(3, 1)[:, 0], halves[:, 1] - halves[:, 0], rtol=1e-3, atol=1e-4)


def test_a_path_starts_at_zero_and_is_as_long_as_its_times():
    model = StochasticVolatility(key=jax.random.key(0))
    path = model.sample(jnp.arange(6.0), key=jax.random.key(1))
    assert path.shape == (6, 1)
    assert path[0, 0] == 0.0
    assert bool(jnp.isfinite(path).all())


@pytest.mark.slow
def test_clusters_of_a_garch_process_are_learned():
    random = np.random.default_rng(0)
    returns = np.empty((400, 164))
    variance = np.ones(400)
    for day in range(164):
        returns[:, day] = np.sqrt(variance) * random.normal(size=400)
        variance = 0.03 + 0.12 * returns[:, day] ** 2 + 0.85 * variance
    returns = returns[:, 100:]
    model = trained(returns, steps=250)
    keys = jax.random.split(jax.random.key(2), 400)
    paths = jax.vmap(lambda key: model.sample(jnp.arange(65.0), key=key))(keys)
    real = np.concatenate([np.zeros((400, 1)), returns.cumsum(axis=1)], axis=1)
    few = Bootstrap(draws=100)
    wanted, found = (volatility_clustering(panel, bootstrap=few)[0] for panel in (real, np.asarray(paths)))
    assert wanted.low > 0.1
    np.testing.assert_allclose(found.value, wanted.value, atol=0.06)
    assert kurtosis(np.asarray(paths), bootstrap=few)[0].low > 0.5
