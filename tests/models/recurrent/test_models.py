"""What every recurrent model of a series is held to."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.models.recurrent.made import MODELS, accuracy, logits, trained, waves

SHOWN = pytest.mark.parametrize("name", list(MODELS))


def made(name, static=0):
    return MODELS[name](input_size=2, hidden_size=16, output_size=2, static_size=static, key=jax.random.key(0))


@SHOWN
def test_it_learns_which_channel_runs_ahead(name):
    train, test = waves(128, seed=0), waves(128, seed=1)
    model = trained(made(name), train, steps=250)
    assert accuracy(made(name), test) < 0.7
    assert accuracy(model, test) >= 0.9


@SHOWN
def test_the_padding_is_not_read(name):
    batch, model = waves(4, seed=2), made(name)
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


@SHOWN
def test_gradients_are_finite_where_nothing_was_observed_and_reach_every_weight(name):
    batch = waves(4, seed=3)
    ys = batch.ys.at[:, 3].set(jnp.nan).at[0, :, 1].set(jnp.nan)
    batch = eqx.tree_at(lambda b: (b.ys, b.static), batch, (ys, jnp.ones((4, 3))))
    grads = eqx.filter_jit(eqx.filter_grad(lambda m: jnp.sum(logits(m, batch) ** 2)))(made(name, static=3))
    for leaf in jax.tree.leaves(grads):
        assert jnp.isfinite(leaf).all()
        assert jnp.abs(leaf).max() > 0


@SHOWN
def test_static_features_of_another_number_are_refused(name):
    with pytest.raises(ValueError, match="Got 2 static features; the model was made for 0"):
        made(name)(jnp.arange(3.0), jnp.zeros((3, 2)), 3, jnp.zeros(2))
