"""Vector fields: their formulae, their properties, their precision."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.laws.precision import x64

__all__ = ["x64"]

KEY = jax.random.key(0)
VECTOR = jnp.array([0.5, -1.0, 2.0])
IMAGE = jax.random.normal(KEY, (3, 4, 5))

FIELDS = {
    "mlp": (lambda: nde.nn.VectorFieldMLP(3, width=5, depth=2, key=KEY), VECTOR),
    "mlp of time": (lambda: nde.nn.VectorFieldMLP(3, width=5, depth=2, time=True, key=KEY), VECTOR),
    "time": (lambda: nde.nn.TimeConcatenated(eqx.nn.MLP(4, 3, 5, 1, activation=jnp.tanh, key=KEY)), VECTOR),
    "time and channels": (lambda: nde.nn.TimeConcatenated(eqx.nn.Conv2d(4, 3, 3, padding=1, key=KEY)), IMAGE),
    "squash": (lambda: nde.nn.ConcatSquashMLP(3, width=5, depth=2, key=KEY), VECTOR),
    "convolutions": (lambda: nde.nn.VectorFieldConv(3, width=4, depth=1, groups=2, key=KEY), IMAGE),
    "gru": (lambda: nde.nn.VectorFieldGRU(3, key=KEY), VECTOR),
    "gated": (lambda: nde.nn.Gated(*(nde.nn.VectorFieldMLP(3, 5, 1, key=k) for k in jax.random.split(KEY))), VECTOR),
}
OF_TIME = {"mlp of time", "time", "time and channels", "squash", "convolutions"}


@pytest.mark.parametrize("name", FIELDS)
def test_a_value_is_like_the_state_and_all_that_should_matters(name):
    make, y = FIELDS[name]

    @eqx.filter_jit
    @eqx.filter_value_and_grad(has_aux=True)
    def weighted(both):
        field, t = both
        value = field(t, y)
        return jnp.sum(value * jnp.cos(jnp.arange(y.size)).reshape(y.shape)), value

    assert not any(leaf.weak_type for leaf in jax.tree.leaves(eqx.filter(make(), eqx.is_array)))  # or it compiles twice
    (_, value), (to_weights, to_time) = weighted((make(), jnp.array(0.7)))
    assert value.shape == y.shape
    assert value.dtype == y.dtype
    assert all(jnp.abs(leaf).max() > 0 for leaf in jax.tree.leaves(to_weights))
    assert (to_time != 0) == (name in OF_TIME)


@pytest.mark.parametrize("name", FIELDS)
def test_both_precisions(name, x64):
    """With weights in double precision, states keep their precision, and results agree to rounding."""
    make, y = FIELDS[name]
    field, y = make(), np.asarray(y)
    value = eqx.filter_jit(lambda y: field(0.7, y))
    single, double = (value(jnp.asarray(y, dtype)) for dtype in (jnp.float32, jnp.float64))
    assert (single.dtype, double.dtype) == (jnp.float32, jnp.float64)
    np.testing.assert_allclose(single, double, rtol=2e-5, atol=2e-5)


def test_a_perceptron_is_bounded_by_its_scale():
    field = nde.nn.VectorFieldMLP(3, width=5, depth=1, scale=0.25, output_size=2, key=KEY)
    assert field(0.0, VECTOR).shape == (2,)
    assert 0.2 < jnp.abs(field(0.0, 1e6 * VECTOR)).max() <= 0.25


def test_concat_squash_is_its_formula():
    layer, t = nde.nn.ConcatSquash(3, 2, key=KEY), 0.7
    weight, bias, u, c, v = (
        np.asarray(x, np.float64)
        for x in (layer.linear.weight, layer.linear.bias, layer.gate.weight, layer.gate.bias, layer.shift)
    )
    by_hand = (weight @ np.asarray(VECTOR) + bias) / (1 + np.exp(-(u[:, 0] * t + c))) + v * t
    np.testing.assert_allclose(layer(t, VECTOR), by_hand, rtol=1e-5)


def test_a_recurrent_unit_is_the_limit_of_small_steps_of_equinox_own():
    """A GRU steps by `(1 - z) (n - h)`. The two place the reset gate differently, so it is open here."""
    field, cell, h = nde.nn.VectorFieldGRU(3, key=KEY), eqx.nn.GRUCell(1, 3, key=KEY), VECTOR / 4
    opened = eqx.tree_at(lambda f: (f.reset.weight, f.reset.bias), field, (jnp.zeros((3, 3)), jnp.full(3, 50.0)))
    weights = jnp.concatenate([opened.reset.weight, opened.update.weight, opened.candidate.weight])
    biases = jnp.concatenate([opened.reset.bias, opened.update.bias, opened.candidate.bias])
    cell = eqx.tree_at(
        lambda c: (c.weight_ih, c.weight_hh, c.bias, c.bias_n), cell, (jnp.zeros((9, 1)), weights, biases, jnp.zeros(3))
    )
    np.testing.assert_allclose(opened(0.0, h), cell(jnp.zeros(1), h) - h, rtol=1e-5, atol=1e-6)


def test_states_of_a_recurrent_unit_stay_between_minus_one_and_one():
    field = jax.tree.map(lambda x: 20 * x, nde.nn.VectorFieldGRU(3, key=KEY))
    ys = nde.odeint(field, jnp.array([0.99, -0.99, 0.0]), jnp.linspace(0.0, 20.0, 6))
    assert jnp.abs(ys).max() <= 1 + 1e-5
    assert jnp.abs(ys[-1] - ys[0]).max() > 0.03


def test_the_gate_multiplies():
    gate, field = (nde.nn.VectorFieldMLP(3, 5, 1, key=k) for k in jax.random.split(KEY))
    share = nde.nn.Gated(gate, field)(0.0, VECTOR) / field(0.0, VECTOR)
    np.testing.assert_allclose(share, 1 / (1 + np.exp(-np.asarray(gate(0.0, VECTOR)))), rtol=1e-5)


def test_hidden_layers_are_invariant_to_brightness():
    """Group normalization removes scale: with zero weights for time, an image and its multiple give the same."""
    field = nde.nn.VectorFieldConv(3, width=4, depth=1, groups=2, key=KEY)
    field = eqx.tree_at(lambda f: f.convolutions[0].bias, field, replace_fn=jnp.zeros_like)
    field = eqx.tree_at(lambda f: f.convolutions[0].weight, field, replace_fn=lambda w: w.at[:, 0].set(0))
    np.testing.assert_allclose(field(0.5, 30 * IMAGE), field(0.5, 10 * IMAGE), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("options", "words"), [({"kernel_size": 4}, "odd"), ({"groups": 3}, "multiple")])
def test_convolutions_that_do_not_fit(options, words):
    with pytest.raises(ValueError, match=words):
        nde.nn.VectorFieldConv(3, width=4, depth=1, key=KEY, **options)


def test_the_slope_of_lipswish_is_at_most_one():
    x = jnp.linspace(-20.0, 20.0, 2001)
    slopes = jax.vmap(jax.grad(nde.nn.lipswish))(x)
    assert 0.99 < jnp.abs(slopes).max() <= 1.0
    np.testing.assert_allclose(nde.nn.lipswish(x), 0.909 * x / (1 + np.exp(-np.asarray(x, np.float64))), rtol=1e-5)
