"""The size of the Jacobian and its spectral radius, against dense matrices."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde.models import jacobian_regularization, spectral_radius


def bend(z: Any, x: Any) -> Any:
    return jnp.tanh(z[::-1] * x + jnp.roll(z, 1))


ZS = jax.random.normal(jax.random.key(0), (3, 4))
XS = jax.random.uniform(jax.random.key(1), (3, 4), minval=0.5, maxval=2.0)


def jacobians() -> np.ndarray:
    return np.asarray(jax.vmap(jax.jacfwd(bend))(ZS, XS))


def test_the_estimate_of_the_frobenius_norm():
    squares = (jacobians() ** 2).sum(axis=(1, 2)) / 4
    one = jacobian_regularization(bend, ZS[0], XS[0], samples=4000, key=jax.random.key(2))
    every = jacobian_regularization(bend, ZS, XS, samples=4000, batched=True, key=jax.random.key(2))
    np.testing.assert_allclose(one, squares[0], rtol=0.1)
    np.testing.assert_allclose(every, squares.mean(), rtol=0.1)


def test_it_has_a_gradient():
    slope = jax.grad(lambda c: jacobian_regularization(lambda z, x: c * z, ZS[0], XS[0], key=jax.random.key(0)))
    np.testing.assert_allclose(slope(jnp.array(3.0)) / slope(jnp.array(1.0)), 3.0, rtol=1e-5)


def test_the_radius():
    expected = np.abs(np.linalg.eigvals(jacobians())).max(axis=1)
    found = spectral_radius(bend, ZS, XS, steps=400, batched=True, key=jax.random.key(3))
    np.testing.assert_allclose(found, expected, rtol=0.03)


@pytest.mark.parametrize(
    ("matrix", "radius"),
    [([[0.0, -2.0], [0.5, 0.0]], 1.0), ([[0.0, 1.0], [0.0, 0.0]], 0.0), ([[3.0, 0.0], [0.0, -1.0]], 3.0)],
    ids=["complex", "nilpotent", "real"],
)
def test_the_radius_of_matrices(matrix: Any, radius: float):
    found = spectral_radius(lambda z, x: x @ z, jnp.zeros(2), jnp.array(matrix), steps=200, key=jax.random.key(0))
    np.testing.assert_allclose(found, radius, atol=0.02)
