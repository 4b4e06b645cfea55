"""Many series under `vmap` are computed in blocks: that must not be seen."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde.paths.interpolation import channels
from tests.paths.interpolation.gaps import gappy, times

SERIES = 7


def batch() -> tuple[jax.Array, jax.Array]:
    ts = jnp.asarray(times(), jnp.float32)
    return ts, jnp.asarray(np.stack([gappy(6, seed=s) for s in range(SERIES)]).reshape(SERIES, -1, 2, 3), jnp.float32)


def weighed(coefficients: Any) -> jax.Array:
    leaves = jax.tree.leaves(coefficients)
    return sum(jnp.nansum(x * jnp.cos(jnp.arange(x.size, dtype=x.dtype)).reshape(x.shape)) for x in leaves)


@pytest.mark.parametrize(("lanes", "series"), [(1, 3), (12, 7), (512, 5)])
def test_blocks_that_do_not_divide_the_series_give_what_each_series_gives(
    lanes: int, series: int, monkeypatch: pytest.MonkeyPatch
):
    """The numbers of series differ, so that nothing compiled for other blocks is used again."""
    monkeypatch.setattr(channels, "LANES", lanes)
    ts, ys = batch()
    ys, deriv0 = ys[:series], jnp.arange(series, dtype=ys.dtype)
    together = jax.vmap(lambda y, s: nde.backward_hermite_coefficients(ts, y, deriv0=s))(ys, deriv0)
    for i in range(series):
        alone = nde.backward_hermite_coefficients(ts, ys[i], deriv0=deriv0[i])
        for block, one in zip(together, alone, strict=True):
            np.testing.assert_allclose(block[i], one, rtol=1e-4, atol=1e-4)


def test_gradients_in_and_around_a_vmap_are_those_of_each_series():
    ts, ys = batch()

    def loss(y: jax.Array) -> jax.Array:
        return weighed(nde.backward_hermite_coefficients(ts, y))

    gradient = jax.jit(jax.grad(loss))
    alone = np.stack([gradient(y) for y in ys])
    assert np.isfinite(alone).all()
    np.testing.assert_allclose(jax.vmap(jax.grad(loss))(ys), alone, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(jax.grad(lambda ys: jnp.sum(jax.vmap(loss)(ys)))(ys), alone, rtol=1e-4, atol=1e-4)


def test_second_derivatives_through_a_vmap():
    ts, ys = batch()

    def loss(scale: jax.Array) -> jax.Array:
        return weighed(jax.vmap(lambda y: nde.linear_interpolation(ts, y))(scale**2 * ys))

    once, twice = jax.grad(loss), jax.grad(jax.grad(loss))
    np.testing.assert_allclose(twice(1.5), once(1.5) / 1.5, rtol=1e-4)


def test_a_vmap_in_a_vmap_and_one_over_times_alone():
    ts, ys = batch()
    twice = jax.vmap(jax.vmap(lambda y: nde.linear_interpolation(ts, y)))(ys[:6].reshape(2, 3, *ys.shape[1:]))
    once = jax.vmap(lambda y: nde.linear_interpolation(ts, y))(ys)
    np.testing.assert_array_equal(twice.reshape(6, *ys.shape[1:]), once[:6])
    scaled = jax.vmap(lambda scale: nde.linear_interpolation(scale * ts, ys[0]))(jnp.array([1.0, 2.0]))
    np.testing.assert_allclose(scaled[1], once[0], rtol=1e-5, atol=1e-6)
