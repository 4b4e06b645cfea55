"""Properties of all latent SDEs: padding, missing values, vmap, precision, gradients."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde.models import CDEContext, GaussianLikelihood, LaplaceLikelihood, LatentSDE

TS = jnp.array([[0.1, 0.2, 0.5, 0.9, 1.0], [0.0, 0.4, 0.5, 0.7, 0.9]])
YS = jnp.array(
    [
        [[0.3, 1.0], [jnp.nan, 0.2], [-0.4, jnp.nan], [jnp.nan, jnp.nan], [jnp.nan, jnp.nan]],
        [[0.1, jnp.nan], [0.7, 0.2], [0.3, 0.2], [jnp.nan, 0.5], [1.0, -0.3]],
    ]
)
LENGTHS = jnp.array([3, 5])
KEY = jax.random.key(2)


def create(**options):
    if options.pop("encoder", "gru") == "cde":
        options["encoder"] = CDEContext(2, 3, 4, width=4, key=jax.random.key(1))
    return LatentSDE(
        2, 2, 4, context_size=3, width=4, depth=1, time=True, key=jax.random.key(0), **{"substeps": 1, **options}
    )


@eqx.filter_jit
def value_and_gradient(model, ts, ys, lengths):
    return eqx.filter_value_and_grad(lambda m: jnp.mean(m.bounds(ts, ys, lengths, KEY).elbo(0.5)))(model)


@pytest.mark.parametrize("encoder", ["gru", "cde"])
def test_padding_is_ignored_and_gradients_reach_every_weight(encoder):
    model = create(encoder=encoder)
    plain = value_and_gradient(model, TS, YS, LENGTHS)
    spoiled = value_and_gradient(model, TS.at[0, 3:].add(jnp.array([3.0, 4.0])), YS.at[0, 3:].set(1e6), LENGTHS)
    for one, other in zip(jax.tree.leaves(plain), jax.tree.leaves(spoiled), strict=True):
        assert jnp.isfinite(one).all()
        np.testing.assert_array_equal(one, other)
    gradient = jax.tree.leaves_with_path(eqx.filter(plain[1], eqx.is_inexact_array))
    assert [jax.tree_util.keystr(path) for path, leaf in gradient if not jnp.abs(leaf).max() > 0] == []


def test_more_padding_changes_nothing():
    model = create()
    longer = [jnp.concatenate([x, x[:, -1:] + (1.0 if x is TS else jnp.nan)], axis=1) for x in (TS, YS)]
    bounds = eqx.filter_jit(lambda ts, ys: model.bounds(ts, ys, LENGTHS, KEY).elbo())
    np.testing.assert_allclose(bounds(TS, YS), bounds(*longer), rtol=1e-6)


@pytest.mark.parametrize("encoder", ["gru", "cde"])
def test_a_context_depends_on_its_row_and_later_ones_within_the_length(encoder):
    model = create(encoder=encoder)
    contexts = eqx.filter_jit(lambda ts, ys: model.encoder(ts, ys, 4))
    full = jnp.nan_to_num(YS[1], nan=0.4)
    plain = contexts(TS[1], full)
    for row in range(5):
        changed = contexts(TS[1], full.at[row].set(3.0))
        differs = np.abs(changed - plain).max(axis=1) > 0
        assert differs[row + 1 : 4].sum() == 0
        assert row == 4 or differs[: row + 1].all()
        assert row < 4 or not differs[:4].any()


def test_vmap_equals_a_loop():
    model = create()
    keys = jax.random.split(KEY, 2)
    single = eqx.filter_jit(lambda *each: model.bound(*each))
    loop = [single(*each) for each in zip(TS, YS, LENGTHS, keys, strict=True)]
    mapped = eqx.filter_jit(jax.vmap(lambda *each: model.bound(*each)))(TS, YS, LENGTHS, keys)
    for one, other in zip(loop, range(2), strict=True):
        for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(mapped), strict=True):
            np.testing.assert_allclose(a, b[other], rtol=2e-5)


def test_double_precision_is_kept():
    with jax.enable_x64(True):
        model = create(solver=nde.Heun())
        ts, ys = jnp.asarray(np.asarray(TS), float), jnp.asarray(np.asarray(YS), float)
        bounds = eqx.filter_jit(model.bounds)(ts, ys, LENGTHS, jax.random.key(3))
        path = eqx.filter_jit(model.sample)(ts[0], key=jax.random.key(4))
        assert {leaf.dtype for leaf in jax.tree.leaves((bounds, path))} == {jnp.dtype(jnp.float64)}


def test_additional_output_times_do_not_change_a_path():
    """With negligible noise, the path is the same at any output times."""
    calm = lambda state: jnp.full_like(state, 1e-6)
    model = eqx.tree_at(
        lambda m: m.initial.bias, create(diffusion=calm, substeps=16), jnp.array([0.3, -0.2, -30.0, -30.0])
    )
    model = eqx.tree_at(lambda m: m.initial.weight, model, jnp.zeros((4, 3)))
    at = eqx.filter_jit(lambda ts_new: model.posterior(TS[1], YS[1], 5, ts_new, key=KEY))
    few, many = at(jnp.array([0.0, 0.4, 0.9, 1.5])), at(jnp.array([0.0, 0.2, 0.4, 0.45, 0.9, 1.2, 1.5]))
    np.testing.assert_allclose(few, many[jnp.array([0, 2, 4, 6])], atol=0.02)


def test_misuse_raises_an_error_that_explains_it():
    with pytest.raises(ValueError, match="depth must be at least 1; got 0"):
        LatentSDE(1, depth=0, key=KEY)


def test_errors_have_the_precision_of_the_channels():
    for likelihood in (GaussianLikelihood(2), LaplaceLikelihood(2)):
        with jax.enable_x64(True):
            assert likelihood.sample(jnp.zeros((3, 2), jnp.float32), jax.random.key(0)).dtype == jnp.float32
