"""The components of latent SDEs, against formulas."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import nde
from nde.data import Loader
from nde.models import (
    ELBO,
    ComponentDiffusion,
    ContextDrift,
    GaussianLikelihood,
    LaplaceLikelihood,
    LatentSDE,
    Posterior,
)
from nde.train import Annealed, AnnealedBatch, fit

X = np.array([-2.0, 0.1, 0.7])


@pytest.mark.parametrize(
    ("kind", "distribution"),
    [(GaussianLikelihood, stats.norm), (LaplaceLikelihood, stats.laplace)],
    ids=["normal", "Laplace"],
)
def test_likelihoods_have_their_distributions(kind, distribution):
    likelihood = kind(3, scale=0.3)
    found = likelihood.log_density(jnp.full(3, 0.2), jnp.asarray(X, float))
    np.testing.assert_allclose(found, distribution.logpdf(X, 0.2, 0.3), rtol=1e-5)
    errors = likelihood.sample(jnp.zeros((2000, 3)), jax.random.key(0))
    assert stats.kstest(np.asarray(errors).ravel(), distribution(0, 0.3).cdf).pvalue > 1e-3


def test_a_given_scale_is_not_learned():
    gradient = lambda scale: jax.grad(
        lambda s: eqx.tree_at(lambda m: m.log_scale, GaussianLikelihood(1, scale), s).scale.sum()
    )
    assert not gradient(0.3)(jnp.zeros(1)).any()
    assert gradient(None)(jnp.zeros(1)).all()
    with pytest.raises(ValueError, match=r"scale must be positive.*got 0"):
        LaplaceLikelihood(1, 0)


def test_the_kl_divergence_from_another_normal_distribution_agrees_with_quadrature():
    one, other = (
        Posterior(jnp.array([0.7]), jnp.log(jnp.array([0.16]))),
        Posterior(jnp.array([0.2]), jnp.log(jnp.array([0.5]))),
    )
    x = np.linspace(-6.0, 6.0, 20001)
    p, q = stats.norm(0.7, 0.4), stats.norm(0.2, 0.5**0.5)
    exact = np.trapezoid(p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), x)
    assert one.divergence(other) == pytest.approx(exact, rel=1e-4)


def test_each_component_of_the_diffusion_has_its_own_network():
    diffusion = ComponentDiffusion(3, 5, least=0.1, key=jax.random.key(0))
    state = jnp.array([0.3, -1.0, 2.0])
    for i in range(3):
        hidden = np.logaddexp(0, np.asarray(diffusion.weight[i] * state[i] + diffusion.bias[i]))
        expected = 0.1 + 1 / (
            1 + np.exp(-(hidden @ np.asarray(diffusion.out_weight[i]) + float(diffusion.out_bias[i])))
        )
        assert diffusion(state)[i] == pytest.approx(expected, rel=1e-5)


def test_the_first_layer_of_the_drift_is_a_layer_of_state_and_context():
    drift = ContextDrift(2, 3, 2, 4, 2, key=jax.random.key(0))
    weight = np.concatenate([drift.of_state.weight, drift.of_context.weight], axis=1)
    state, context = np.array([0.3, -1.0]), np.array([0.1, 0.2, -2.0])
    hidden = np.logaddexp(0, weight @ np.concatenate([state, context]) + np.asarray(drift.of_state.bias))
    expected = drift.rest(jnp.asarray(hidden, float))
    np.testing.assert_allclose(
        drift(jnp.asarray(state, float), drift.embed(jnp.asarray(context, float))), expected, rtol=1e-4
    )


def walks():
    random = np.random.default_rng(0)
    return nde.TimeSeries.from_arrays(random.normal(size=(6, 3, 1)), np.tile([0.0, 0.5, 1.0], (6, 1)))


def test_the_loss_is_the_weighted_sum_of_its_terms_and_ignores_series_of_weight_zero():
    model = LatentSDE(1, 2, 3, context_size=2, width=3, depth=1, substeps=1, key=jax.random.key(0))
    batch = next(Loader(walks()[:3], 3, shuffle=False))
    loss = eqx.filter_jit(ELBO(weight=2.0))
    value, parts = loss(model, AnnealedBatch(batch, jnp.asarray(0.25)), jax.random.key(1))
    expected = -parts["log_likelihood"] + 0.5 * (parts["kl_path"] + parts["kl_initial"])
    assert value == pytest.approx(float(expected), rel=1e-5)
    bounds = eqx.filter_jit(model.bounds)(batch.ts, batch.ys, batch.lengths, jax.random.key(1))
    light = eqx.tree_at(lambda b: b.weights, batch, jnp.array([1.0, 0.0, 1.0]))
    assert loss(model, light, jax.random.key(1))[1]["kl_path"] == pytest.approx(
        float(bounds.kl_path[0] + bounds.kl_path[2]) / 2, rel=1e-5
    )


def test_training_takes_annealed_batches():
    model = LatentSDE(1, 2, 3, context_size=2, width=3, depth=1, substeps=1, key=jax.random.key(0))
    result = fit(
        model,
        ELBO(),
        Annealed(Loader(walks(), 3), steps=4),
        steps=3,
        key=jax.random.key(1),
        progress=False,
    )
    assert result.skipped == 0
    assert np.isfinite(result.history.metrics["kl_path"]).all()


def test_annealing_weights_rise_and_resume_from_a_state():
    batches = Annealed(Loader(walks(), 3), steps=4, start=0.2)
    weights = [float(next(batches).weight) for _ in range(3)]
    np.testing.assert_allclose(weights, [0.2, 0.4, 0.6], rtol=1e-6)
    resumed = batches.at(batches.state)
    for _ in range(3):
        one, other = next(batches), next(resumed)
        assert one.weight == other.weight
        np.testing.assert_array_equal(one.batch.index, other.batch.index)
    assert float(next(batches).weight) == 1.0
    assert {float(each.weight) for each in batches.epoch()} == {1.0}
    with pytest.raises(ValueError, match="The state is that of batches with steps=4, but these have steps=5"):
        Annealed(Loader(walks(), 3), steps=5).at(batches.state)
    with pytest.raises(ValueError, match="steps must be at least 1; got 0"):
        Annealed(Loader(walks(), 3), steps=0)


@pytest.mark.parametrize("x64", [False, True])
def test_softplus_is_exact_to_rounding(x64):
    with jax.enable_x64(x64):
        x = np.concatenate([np.linspace(-40.0, 40.0, 4001), [-1000.0, 1000.0]])
        dtype = jnp.float64 if x64 else jnp.float32
        x = x.astype(dtype).astype(float)
        found = nde.nn.softplus(jnp.asarray(x, dtype))
        np.testing.assert_allclose(found, np.logaddexp(0, x), rtol=1e-14 if x64 else 5e-7)
        slope = jax.vmap(jax.grad(nde.nn.softplus))(jnp.asarray(x, dtype))
        np.testing.assert_allclose(
            slope, 1 / (1 + np.exp(-np.clip(x, -700, None))), rtol=1e-12 if x64 else 2e-6, atol=1e-30
        )
