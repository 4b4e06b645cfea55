"""The maximum mean discrepancy of two distributions of paths."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde.losses import RBFKernel, signature_kernel, signature_mmd, truncated_signature_kernel

KERNEL = functools.partial(truncated_signature_kernel, depth=3)


def walks(seed, *shape, spread=0.3):
    steps = spread * np.random.default_rng(seed).normal(size=(*shape, 1))
    times = np.broadcast_to(np.linspace(0, 1, shape[-1])[:, None], (*shape, 1))
    return jnp.asarray(np.concatenate([times, np.cumsum(steps, axis=-2)], axis=-1), jnp.float32)


def estimates(x, y, **settings):
    return jax.jit(jax.vmap(lambda x, y: signature_mmd(x, y, kernel=KERNEL, **settings)))(x, y)


def test_it_is_zero_in_mean_under_one_law_and_positive_under_two():
    x, y, wider = walks(0, 300, 8, 6), walks(1, 300, 8, 6), walks(2, 300, 8, 6, spread=0.6)
    same, different = estimates(x, y), estimates(x, wider)
    error = lambda found: float(found.std()) / np.sqrt(len(found))
    assert abs(float(same.mean())) < 4 * error(same)
    assert float(different.mean()) > 5 * error(different)
    assert float(estimates(x, y, unbiased=False).mean()) > 10 * error(same)


def test_it_is_the_squared_distance_of_mean_features():
    from nde.signatures import signature

    x, y = walks(0, 20, 6), walks(1, 31, 6)
    gap = signature(x, 3).mean(axis=0) - signature(y, 3).mean(axis=0)
    found = jax.jit(lambda x, y: signature_mmd(x, y, kernel=KERNEL, unbiased=False))(x, y)
    np.testing.assert_allclose(found, jnp.sum(gap**2), rtol=1e-3)


def test_weights_leave_series_out():
    x, y = walks(0, 6, 6), walks(1, 5, 6)
    kernel = functools.partial(signature_kernel, static=RBFKernel(0.5))
    found = jax.jit(lambda x, weights: signature_mmd(x, y, kernel=kernel, x_weights=weights))
    some, others = found(x, jnp.array([1.0, 1, 1, 1, 0, 0])), found(x.at[4:].mul(3.0), jnp.array([1.0, 1, 1, 1, 0, 0]))
    np.testing.assert_allclose(some, others, rtol=1e-4)
    matrix = lambda a, b: np.asarray(kernel(a[:, None], b[None]))
    within = lambda z: matrix(z, z)[~np.eye(len(z), dtype=bool)].mean()
    np.testing.assert_allclose(some, within(x[:4]) - 2 * matrix(x[:4], y).mean() + within(y), rtol=1e-3, atol=1e-6)


def test_one_path_has_no_unbiased_estimate():
    with pytest.raises(ValueError, match="at least two"):
        signature_mmd(walks(0, 1, 6), walks(1, 5, 6))
