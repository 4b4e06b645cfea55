"""The ELBO and the predictions of latent ODEs, against formulas and SciPy."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.stats import norm

import nde
from nde.models import LatentODE, ODERNNEncoder, Posterior

TS = jnp.array([0.1, 0.2, 0.5, 0.9, 1.0, 1.1])
YS = jnp.array([[0.3, 1.0], [jnp.nan, 0.2], [-0.4, jnp.nan], [0.1, 0.2], [jnp.nan, jnp.nan], [jnp.nan, jnp.nan]])


def create(encoder=None, **options):
    if encoder == "ode-rnn":
        options["encoder"] = ODERNNEncoder(2, 6, width=8, key=jax.random.key(1))
    options = {"solver": nde.Bosh3(), **options}
    return LatentODE(2, 3, 6, state_size=4, width=8, depth=1, key=jax.random.key(0), **options)


@eqx.filter_jit
def evaluate(model, ts, ys):
    key = jax.random.key(2)
    loss = eqx.filter_value_and_grad(lambda m: m.loss(ts, ys, 4, key, seen=3))(model)
    return loss, model.elbo(ts, ys, 4, key), model.reconstruct(ts, ys, 4), model.reconstruct(ts, ys, 4, key)


@pytest.mark.parametrize("encoder", ["gru", pytest.param("ode-rnn", marks=pytest.mark.slow)])
def test_padding_is_ignored_and_gradients_are_finite(encoder):
    model = create(encoder)
    plain = evaluate(model, TS, YS)
    spoiled = evaluate(model, TS.at[4:].set(7.0), YS.at[4:].set(1e6))
    for one, other in zip(jax.tree.leaves(plain), jax.tree.leaves(spoiled), strict=True):
        assert jnp.isfinite(one).all()
        np.testing.assert_array_equal(one, other)
    assert all(jnp.abs(leaf).max() > 0 for leaf in jax.tree.leaves(plain[0][1]))


def test_the_elbo_is_the_log_likelihood_minus_the_kl_divergence():
    model = create(noise=0.3)
    _, elbo, _, sampled = evaluate(model, TS, YS)
    known = ~np.isnan(YS[:4])
    density = norm.logpdf(YS[:4], np.asarray(sampled)[:4], 0.3)[known].sum()
    divergence = model.encode(TS, YS, 4).divergence()
    assert elbo == pytest.approx(density - float(divergence), rel=1e-4)


def test_a_given_noise_is_not_learned():
    (_, grads), *_ = evaluate(create(noise=0.3), TS, YS)
    assert not grads.log_noise.any()
    with pytest.raises(ValueError, match=r"noise must be a positive standard deviation.*got 0"):
        create(noise=0)


def test_predictions_follow_the_vector_field_in_real_time():
    model = create()
    later = jnp.array([0.4, 2.0, 5.0])
    y0 = model.lift(model.encode(TS, YS, 4).mean)
    exact = solve_ivp(
        lambda t, y: model.field(jnp.asarray(y, float)), (0.1, 5.0), y0, t_eval=later, rtol=1e-6, atol=1e-7
    )
    found = eqx.filter_jit(model.predict)(TS, YS, 4, later)
    np.testing.assert_allclose(found, jax.vmap(model.decoder)(jnp.asarray(exact.y.T, float)), atol=5e-3)


def test_the_kl_divergence_agrees_with_quadrature():
    mean, deviation = 0.7, 0.4
    posterior = Posterior(jnp.array([mean]), jnp.array([2 * np.log(deviation)]))
    x = np.linspace(-6.0, 6.0, 20001)
    p = norm.pdf(x, mean, deviation)
    exact = np.trapezoid(p * (norm.logpdf(x, mean, deviation) - norm.logpdf(x)), x)
    assert posterior.divergence() == pytest.approx(exact, rel=1e-4)


def test_the_linear_part_is_stable():
    assert np.linalg.eigvals(np.asarray(create().field.matrix)).real.max() <= 1e-6
