"""Last layers that start small, and orthogonal initialization."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.nn.test_vector_fields import FIELDS, IMAGE, KEY


@pytest.mark.parametrize("name", sorted(set(FIELDS) - {"gru"}))
def test_with_a_last_layer_of_zero_the_flow_is_the_identity_and_can_learn(name):
    make, y = FIELDS[name]
    field = nde.nn.scaled_last_layer(make())
    value, grads = eqx.filter_jit(eqx.filter_value_and_grad(lambda f: jnp.sum(f(0.7, y))))(field)
    assert value == 0
    assert any(jnp.abs(leaf).max() > 0 for leaf in jax.tree.leaves(grads))


@pytest.mark.parametrize("name", ["squash", "convolutions", "time"])
def test_a_value_without_final_activation_is_scaled(name):
    make, y = FIELDS[name]
    value = eqx.filter_jit(lambda field: field(0.7, y))
    scaled = value(nde.nn.scaled_last_layer(make(), 0.1))
    np.testing.assert_allclose(scaled, 0.1 * value(make()), rtol=1e-5, atol=1e-7)


def test_all_but_the_last_layer_is_as_before():
    field = nde.nn.MatrixMLP(3, 2, width=4, depth=1, gated=True, key=KEY)
    scaled = nde.nn.scaled_last_layer(field, 0.5)
    assert eqx.tree_equal(field.gate, scaled.gate)
    assert eqx.tree_equal(field.network.layers[0], scaled.network.layers[0])
    np.testing.assert_array_equal(scaled.network.layers[1].weight, 0.5 * field.network.layers[1].weight)
    np.testing.assert_array_equal(scaled.network.layers[1].bias, 0.5 * field.network.layers[1].bias)


def test_a_module_without_layers_is_refused():
    with pytest.raises(ValueError, match=r"LayerNorm.*eqx\.nn\.Linear"):
        nde.nn.scaled_last_layer(eqx.nn.LayerNorm(3))


def test_orthogonal_layers_stretch_all_directions_alike():
    field = nde.nn.orthogonal_layers(nde.nn.VectorFieldMLP(3, width=7, depth=2, key=KEY), gain=1.5, key=KEY)
    for layer in field.network.layers:
        stretches = np.linalg.svd(np.asarray(layer.weight), compute_uv=False)
        np.testing.assert_allclose(stretches, 1.5, rtol=1e-5)
        assert not jnp.any(layer.bias)


def test_orthogonal_kernels_and_what_is_no_layer():
    field = nde.nn.VectorFieldConv(3, width=4, depth=1, groups=2, key=KEY)
    drawn = nde.nn.orthogonal_layers(field, key=KEY)
    kernel = drawn.convolutions[0].weight.reshape(4, -1)
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(4), atol=1e-5)
    assert eqx.tree_equal(drawn.norms, field.norms)
    assert drawn(0.0, IMAGE).shape == IMAGE.shape
