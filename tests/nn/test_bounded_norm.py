"""Weights of bounded norm."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde.nn import BoundedNorm, bounded_norms, with_values
from nde.nn.spectral_norm import spectral_norm_bound
from tests.laws.precision import x64

__all__ = ["x64"]


@pytest.mark.parametrize("shape", [(12, 12), (20, 4), (4, 20)])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_norms(shape: tuple[int, int], scale: float):
    matrix = scale * jax.random.normal(jax.random.key(0), shape)
    bounded, norm = np.asarray(BoundedNorm(matrix, 0.9).value), np.linalg.norm(matrix, 2)
    reached = np.linalg.norm(bounded, 2)
    assert 0.9 * min(norm, 0.9) < reached < 0.9 + 1e-6
    np.testing.assert_allclose(bounded / reached, matrix / norm, atol=1e-5)
    assert norm <= float(spectral_norm_bound(matrix)) * (1 + 1e-6) <= 1.1 * norm


def test_zero():
    assert not BoundedNorm(jnp.zeros((3, 3))).value.any()


@pytest.mark.usefixtures("x64")
def test_the_gradient_against_differences():
    raw = jax.random.normal(jax.random.key(1), (4, 4))
    direction = jax.random.normal(jax.random.key(2), (4, 4))
    along = lambda s: jnp.sum(BoundedNorm(raw + s * direction, 1.5).value ** 3)
    _, slope = jax.jvp(along, (jnp.array(0.0),), (jnp.array(1.0),))
    np.testing.assert_allclose(slope, (along(1e-5) - along(-1e-5)) / 2e-5, rtol=1e-7)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda key: eqx.nn.Conv2d(3, 3, 3, padding=1, use_bias=False, key=key), (3, 6, 6)),
        (lambda key: eqx.nn.Conv1d(3, 3, 3, padding=[(4, 0)], dilation=2, use_bias=False, key=key), (3, 12)),
    ],
    ids=["image", "causal"],
)
def test_convolutions_as_matrices(layer: Any, shape: tuple[int, ...]):
    made = layer(jax.random.key(3))
    made = eqx.tree_at(lambda c: c.weight, made, 10 * made.weight)
    bounded = with_values(bounded_norms(made, 0.8))
    size = int(np.prod(shape))
    norms = []
    for conv in (made, bounded):
        matrix = jax.jacfwd(lambda x, conv=conv: conv(x.reshape(shape)).reshape(-1))(jnp.zeros(size))
        norms.append(np.linalg.norm(matrix, 2))
    assert norms[0] > 3
    assert 0.3 < norms[1] < 0.8


def test_all_layers_of_a_module():
    mlp = eqx.nn.MLP(3, 3, 8, 1, key=jax.random.key(4))
    bounded = bounded_norms(mlp, 0.5)
    assert all(isinstance(layer.weight, BoundedNorm) for layer in bounded.layers)
    norms = [np.linalg.norm(layer.weight, 2) for layer in with_values(bounded).layers]
    assert max(norms) < 0.5 + 1e-6
    assert min(norms) > 0.4
    np.testing.assert_array_equal(with_values(mlp).layers[0].weight, mlp.layers[0].weight)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: BoundedNorm(jnp.eye(2), 0.0), "bound=0.0; expected a positive number"),
        (lambda: BoundedNorm(jnp.eye(2), float("inf")), "bound=inf"),
        (lambda: BoundedNorm(jnp.ones(2)), r"weight of shape \(2,\)"),
    ],
)
def test_bad_arguments(make: Any, match: str):
    with pytest.raises(ValueError, match=match):
        make()
