"""The vector field of a controlled differential equation."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde


def matrix_field(gated):
    return nde.nn.MatrixMLP(4, 3, width=5, depth=2, gated=gated, key=jax.random.key(0))


@pytest.mark.parametrize("gated", [False, True])
def test_values_are_bounded_matrices_and_every_weight_matters(gated):
    field, y = matrix_field(gated), jnp.array([0.5, -1.0, 2.0, 0.1])
    value = field(0.0, y)
    assert value.shape == (4, 3)
    assert jnp.abs(field(0.0, 1e6 * y)).max() <= 1
    grads = eqx.filter_grad(lambda f: jnp.sum(f(0.0, y) ** 2))(field)
    assert all(jnp.abs(leaf).max() > 0 for leaf in jax.tree.leaves(grads))


def test_the_gate_multiplies():
    gated, y = matrix_field(gated=True), jnp.array([0.5, -1.0, 2.0, 0.1])
    assert gated.gate is not None
    share = gated.gate(y).reshape(4, 3)
    assert ((share > 0) & (share < 1)).all()
    np.testing.assert_allclose(gated(0.0, y), share * matrix_field(gated=False)(0.0, y), rtol=1e-6)
