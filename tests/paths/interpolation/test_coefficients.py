"""What holds for all functions that turn data into coefficients: gradients, and batches under `vmap`."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.paths.interpolation.gaps import gappy, times

FILLED = {"fill_forward_nans_at_end": True, "replace_nans_at_start": 0.5}
ALL = [nde.linear_interpolation, nde.backward_hermite_coefficients, nde.natural_cubic_coefficients]


@pytest.mark.parametrize(("function", "ends"), [*((f, {}) for f in ALL), (ALL[-1], FILLED)])
def test_gradients_to_data_and_times_are_those_of_finite_differences(x64, function: Any, ends: dict[str, Any]):
    ts, ys = times(), gappy(8)
    weights = np.random.default_rng(3).normal(size=ys.shape)

    @jax.jit
    def loss(ts: jax.Array, ys: jax.Array) -> jax.Array:
        leaves = jax.tree.leaves(function(ts, ys, **ends))
        return sum(jnp.nansum((x + x**2) * weights[: len(x)]) for x in leaves)

    to_times, to_data = map(np.asarray, jax.jit(jax.grad(loss, argnums=(0, 1)))(ts, ys))
    assert np.isfinite(to_times).all()
    assert (to_data[np.isnan(ys)] == 0).all()
    rng = np.random.default_rng(4)
    for _ in range(3):
        dt, dy, step = rng.normal(size=ts.shape), rng.normal(size=ys.shape), 1e-6
        slope = (loss(ts + step * dt, ys + step * dy) - loss(ts - step * dt, ys - step * dy)) / (2 * step)
        np.testing.assert_allclose(slope, to_times @ dt + np.sum(to_data * dy), rtol=1e-6)


@pytest.mark.parametrize("function", ALL)
def test_a_batch_of_series_with_times_of_their_own_is_one_series_after_the_other(function: Any):
    ts = jnp.asarray(np.stack([times(s) for s in range(3)]), jnp.float32)
    ys = jnp.asarray(np.stack([gappy(5, seed=s) for s in range(3)]), jnp.float32)
    together = jax.vmap(function)(ts, ys)
    for i in range(3):
        for batch, one in zip(jax.tree.leaves(together), jax.tree.leaves(function(ts[i], ys[i])), strict=True):
            np.testing.assert_allclose(batch[i], one, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("coefficients", [nde.backward_hermite_coefficients, nde.natural_cubic_coefficients])
@pytest.mark.parametrize("empty", [{}, [], None, {"a": ()}])
def test_of_no_channels_at_all(coefficients, empty):
    ts = jnp.asarray([0.0, 1.0, 2.0])
    path = nde.CubicInterpolation(ts, coefficients(ts, empty))
    assert path.evaluate(0.5) == path.derivative(0.5) == path.evaluate(0.5, 1.5) == empty


@pytest.mark.parametrize("function", [*ALL, nde.rectilinear_interpolation])
def test_a_complex_series_is_its_real_and_its_imaginary_part(function: Any):
    ts, ys = jnp.asarray(times(), jnp.float32), jnp.asarray(gappy(6), jnp.float32)
    z = jax.lax.complex(ys, jnp.roll(ys, 1, axis=-1))
    both = jnp.where(jnp.isnan(z), jnp.nan, 1.0)

    def along(ys: jax.Array) -> list[jax.Array]:
        made = function(ts, ys, replace_nans_at_start=0.0)
        if function is nde.rectilinear_interpolation:
            path = nde.LinearInterpolation(*made)
        elif function is nde.linear_interpolation:
            path = nde.LinearInterpolation(ts, made)
        else:
            path = nde.CubicInterpolation(ts, made)
        middle = (path.t0 + path.t1) / 2
        return [path.evaluate(middle), path.derivative(middle), path.evaluate(path.t0, path.t1)]

    for of_z, of_x, of_y in zip(along(z), along(z.real * both), along(z.imag * both), strict=True):
        assert of_z.dtype == jnp.complex64
        np.testing.assert_allclose(of_z, jax.lax.complex(of_x, of_y), rtol=1e-5, atol=1e-5)
