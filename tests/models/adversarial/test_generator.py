"""Generators of time series."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde.models import SDEGAN, NeuralSDEGenerator

TS = np.array([0.0, 0.1, 0.25, 0.6, 1.0])
MANY = 4000


def by_hand(generator, theta, sigma, mean):
    """Set weights for `dX = theta (mean t - X) dt + sigma dW`, `X(0) = 2 V`, as far as `tanh` is linear.

    LipSwish of `z` minus that of `-z` is `0.909 z` for all `z`, so two units form a linear function of their input.
    """
    large = 1e3
    pair = jnp.array([[1.0], [-1.0]])
    layers = lambda net: [part for layer in net.layers for part in (layer.weight, layer.bias)]
    zeros = jnp.zeros
    rows = jnp.array([[0.0, 1.0], [0.0, -1.0], [1.0, 0.0], [-1.0, 0.0]])
    reading = jnp.array([[-1.0, 1.0, mean, -mean]]) * theta / 0.909 / large
    values = [pair, zeros(2), 2 * pair.T / 0.909, zeros(1)]
    values += [rows, zeros(4), reading, zeros(1)]
    values += [zeros((4, 2)), zeros(4), zeros((1, 4)), jnp.full(1, np.arctanh(sigma))]
    where = lambda g: [*layers(g.initial), *layers(g.drift.network), *layers(g.diffusion.network)]
    generator = eqx.tree_at(where, generator, values)
    ends = lambda g: (g.drift.log_scale, g.readout.weight, g.readout.bias)
    return eqx.tree_at(ends, generator, (jnp.full(1, np.log(large)), jnp.full((1, 1), 3.0), jnp.full(1, 0.5)))


def test_with_weights_set_by_hand_it_is_an_ornstein_uhlenbeck_process():
    theta, sigma, mean = 1.5, 0.8, 2.0
    model = NeuralSDEGenerator(1, 1, noise_size=1, initial_noise_size=1, width=4, steps=8, key=jax.random.key(0))
    initial = eqx.nn.MLP(1, 1, 2, 1, model.initial.activation, key=jax.random.key(0))
    generator = by_hand(eqx.tree_at(lambda g: g.initial, model, initial), theta, sigma, mean)
    ts = jnp.broadcast_to(jnp.asarray(TS, jnp.float32), (MANY, len(TS)))
    found = np.asarray(eqx.filter_jit(generator.samples)(ts, jax.random.split(jax.random.key(1), MANY)))[..., 0]
    decay = np.exp(-theta * TS)
    expected = 0.5 + 3 * mean * (TS - (1 - decay) / theta)
    variance = 9 * (4 * decay**2 + sigma**2 * (1 - decay**2) / (2 * theta))
    np.testing.assert_allclose(found.mean(axis=0), expected, atol=4 * np.sqrt(variance.max() / MANY))
    np.testing.assert_allclose(found.var(axis=0), variance, rtol=4 * np.sqrt(2 / MANY) + 0.01)
    covariance = np.cov(found[:, 2], found[:, 4])[0, 1]
    np.testing.assert_allclose(covariance, variance[2] * np.exp(-theta * (TS[4] - TS[2])), rtol=0.1)


@pytest.mark.parametrize("double", [False, True])
def test_batched_samples_agree_with_single_ones_and_with_vmap_in_both_precisions(double):
    with jax.enable_x64(double):
        gan = SDEGAN(2, 4, noise_size=2, width=4, steps=2, key=jax.random.key(0))
        ts = jnp.asarray(TS, float)[None] * jnp.array([[1.0], [2.0], [0.5]])
        keys = jax.random.split(jax.random.key(1), 3)
        many = eqx.filter_jit(gan.samples)(ts, keys)
        assert many.shape == (3, 5, 2)
        assert many.dtype == (jnp.float64 if double else jnp.float32)
        tolerance = 1e-12 if double else 1e-5
        one = eqx.filter_jit(lambda t, k: gan.sample(t, key=k))
        for place in range(3):
            np.testing.assert_allclose(one(ts[place], keys[place]), many[place], atol=tolerance)
        if not double:
            mapped = eqx.filter_jit(lambda ts, keys: jax.vmap(lambda t, k: gan.sample(t, key=k))(ts, keys))(ts, keys)
            np.testing.assert_allclose(mapped, many, atol=tolerance)


def test_a_single_time_gives_the_initial_state_and_zero_steps_are_rejected():
    generator = NeuralSDEGenerator(1, 4, noise_size=2, width=4, key=jax.random.key(0))
    ts = jnp.array([0.3, 0.5])
    first = generator.sample(ts[:1], key=jax.random.key(1))
    np.testing.assert_allclose(first[0], generator.sample(ts, key=jax.random.key(1))[0], rtol=1e-6)
    with pytest.raises(ValueError, match=r"steps must be at least 1.*got 0"):
        NeuralSDEGenerator(1, 4, steps=0, key=jax.random.key(0))
