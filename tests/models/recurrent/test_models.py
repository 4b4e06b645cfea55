"""What all recurrent models have in common."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.models.recurrent.made import MODELS, accuracy, logits, train, waves

EACH_MODEL = pytest.mark.parametrize("name", list(MODELS))


def create(name, static=0):
    return MODELS[name](input_size=2, hidden_size=16, output_size=2, static_size=static, key=jax.random.key(0))


@EACH_MODEL
def test_it_learns_which_channel_is_ahead(name):
    training, test = waves(128, seed=0), waves(128, seed=1)
    model = train(create(name), training, steps=250)
    assert accuracy(create(name), test) < 0.7
    assert accuracy(model, test) >= 0.9


@EACH_MODEL
def test_padding_is_ignored(name):
    batch, model = waves(4, seed=2), create(name)
    padding = jnp.arange(20)[None] >= batch.lengths[:, None]
    run = eqx.filter_jit(logits)
    plain = run(model, batch)
    assert jnp.isfinite(plain).all()
    for ts, ys in [(9.0, 1e6), (jnp.nan, jnp.inf)]:
        spoiled = eqx.tree_at(
            lambda b: (b.ts, b.ys),
            batch,
            (jnp.where(padding, ts, batch.ts), jnp.where(padding[..., None], ys, batch.ys)),
        )
        np.testing.assert_array_equal(run(model, spoiled), plain)


@EACH_MODEL
def test_gradients_are_finite_with_missing_values_and_reach_every_weight(name):
    batch = waves(4, seed=3)
    ys = batch.ys.at[:, 3].set(jnp.nan).at[0, :, 1].set(jnp.nan)
    batch = eqx.tree_at(lambda b: (b.ys, b.static), batch, (ys, jnp.ones((4, 3))))
    grads = eqx.filter_jit(eqx.filter_grad(lambda m: jnp.sum(logits(m, batch) ** 2)))(create(name, static=3))
    for leaf in jax.tree.leaves(grads):
        assert jnp.isfinite(leaf).all()
        assert jnp.abs(leaf).max() > 0


@EACH_MODEL
def test_a_wrong_number_of_static_features_is_rejected(name):
    with pytest.raises(ValueError, match="The model was created for 0 static features; got 2"):
        create(name)(jnp.arange(3.0), jnp.zeros((3, 2)), 3, jnp.zeros(2))
