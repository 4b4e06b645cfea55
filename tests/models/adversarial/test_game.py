"""Discriminators, and the losses of generators."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import nde
from nde.data import ArrayLoader, drop_observations, pad
from nde.models import SDEGAN, NeuralCDEDiscriminator, SignatureMMDLoss, WassersteinLoss
from nde.models.adversarial.wasserstein import gradient_penalty
from nde.train import adversarial, fit
from tests.train.small import assert_same

TS = jnp.array([0.0, 0.2, 0.5, 0.6, 1.0])
DISCRIMINATOR = NeuralCDEDiscriminator(1, 4, width=4, key=jax.random.key(0))


@eqx.filter_jit
def score(model, ts, ys, length):
    return model(ts, ys, length)


def paths(seed, *shape):
    return jnp.asarray(np.cumsum(np.random.default_rng(seed).normal(size=(*shape, 1)), axis=-2) / 3, jnp.float32)


def clipped(model):
    """Return a model with the largest allowed weights, of random signs."""
    weights, rest = eqx.partition(model, eqx.is_inexact_array)
    random = np.random.default_rng(3)
    sign = lambda w: jnp.asarray(random.choice([-1.0, 1.0], w.shape), w.dtype) / (w.shape[-1] if w.ndim == 2 else 4.0)
    return eqx.combine(jax.tree.map(sign, weights), rest)


def test_neither_padding_nor_a_missing_value_on_the_line_changes_a_score():
    ys = paths(0, 5)
    whole = score(DISCRIMINATOR, TS, ys, 5)
    longer = jnp.concatenate([TS, TS[-1:] + 0.3, TS[-1:] + 0.9])
    padded = jnp.concatenate([ys, jnp.full((2, 1), jnp.nan)])
    np.testing.assert_allclose(score(DISCRIMINATOR, longer, padded, 5), whole, rtol=1e-6)
    gap = ys.at[2].set(jnp.nan)
    line = ys.at[2].set(ys[1] + (ys[3] - ys[1]) * (TS[2] - TS[1]) / (TS[3] - TS[1]))
    np.testing.assert_allclose(score(DISCRIMINATOR, TS, gap, 5), score(DISCRIMINATOR, TS, line, 5), rtol=1e-5)
    assert abs(float(score(DISCRIMINATOR, TS, gap, 5) - whole)) > 1e-5


def test_batched_scores_agree_with_single_ones_and_with_vmap():
    ts, ys, lengths = jnp.stack([TS, 2 * TS, TS + 1]), paths(1, 3, 5), jnp.array([5, 4, 2])
    ys = jnp.where(jnp.arange(5)[None, :, None] < lengths[:, None, None], ys, jnp.nan)
    many = eqx.filter_jit(DISCRIMINATOR.scores)(ts, ys, lengths)
    each = [score(DISCRIMINATOR, ts[i], ys[i], lengths[i]) for i in range(3)]
    np.testing.assert_allclose(many, each, rtol=1e-5)
    np.testing.assert_allclose(eqx.filter_jit(jax.vmap(DISCRIMINATOR.__call__))(ts, ys, lengths), many, rtol=1e-5)


def test_a_clipped_discriminator_is_lipschitz():
    """By Gronwall, in maximum norms: `(|x0 - y0| + V(x - y)) exp(V(x))`, with the variation `V` of all channels.

    The bound holds for the CDE, and for each step of the midpoint rule.
    """
    model = clipped(NeuralCDEDiscriminator(1, 4, width=4, solver=nde.Midpoint(), key=jax.random.key(0)))
    closest = 0.0
    for seed in range(20):
        x, y = paths(seed, 5), paths(seed, 5) + 0.2 * paths(100 + seed, 5)
        gap = abs(float(score(model, TS, x, 5) - score(model, TS, y, 5)))
        variation = lambda z: float(jnp.sum(jnp.abs(jnp.diff(z, axis=0))))
        bound = (abs(float((x - y)[0, 0])) + variation(x - y)) * np.exp(1 + variation(x))
        assert gap <= bound
        closest = max(closest, gap / (abs(float((x - y)[0, 0])) + variation(x - y)))
    assert closest > 0.01


def batch_of(series=6):
    ys = np.asarray(paths(5, series, 5), float)
    panel = nde.TimeSeries.from_arrays(list(ys), [np.asarray(TS, float)] * series)
    return pad(drop_observations(panel, 0.4, seed=1, per_channel=True))


def small_gan(**settings):
    return SDEGAN(1, 3, noise_size=2, width=4, key=jax.random.key(4), **settings)


def test_the_gradient_penalty_agrees_with_finite_differences_and_affects_only_the_discriminator():
    with jax.enable_x64(True):
        gan, batch, key = small_gan(solver=nde.Midpoint()), batch_of(2), jax.random.key(7)
        generated = jnp.where(jnp.isnan(batch.ys), jnp.nan, paths(8, 2, 5).astype(float))
        penalty = eqx.filter_jit(gradient_penalty)(gan, batch, generated, key)
        share = jax.random.uniform(key, (2, 1, 1), batch.ys.dtype)
        mixtures = np.asarray(share * batch.ys + (1 - share) * generated)
        scores = eqx.filter_jit(gan.discriminator.scores)
        squares, step = np.zeros(2), 1e-5
        for index in zip(*np.nonzero(~np.isnan(mixtures)), strict=True):
            perturbed = [np.array(mixtures) for _ in range(2)]
            perturbed[0][index] += step
            perturbed[1][index] -= step
            above, below = (scores(batch.ts, jnp.asarray(each), batch.lengths)[index[0]] for each in perturbed)
            squares[index[0]] += float((above - below) / (2 * step)) ** 2
        np.testing.assert_allclose(penalty, np.mean((np.sqrt(squares) - 1) ** 2), rtol=1e-6)

        def penalized(gan):
            return WassersteinLoss(penalty=5.0)(gan, batch, key)[0] - WassersteinLoss()(gan, batch, key)[0]

        gradient = eqx.filter_jit(eqx.filter_grad(penalized))(gan)
        arrays = lambda part: jax.tree.leaves(eqx.filter(part, eqx.is_array))
        largest = lambda part: max(float(jnp.max(jnp.abs(leaf))) for leaf in arrays(part))
        assert largest(gradient.generator) < 1e-12
        assert largest(gradient.discriminator) > 1e-3


@pytest.mark.parametrize("loss", [WassersteinLoss(), SignatureMMDLoss()])
def test_losses_ignore_padding_and_series_of_weight_zero(loss):
    batch = batch_of()
    model, key = small_gan(), jax.random.key(3)
    found = eqx.filter_jit(lambda batch: jax.tree.leaves(loss(model, batch, key))[0])
    weightless = eqx.tree_at(lambda b: b.weights, batch, batch.weights.at[-1].set(0.0))
    other = eqx.tree_at(lambda b: b.ys, weightless, batch.ys.at[-1].mul(2.0))
    np.testing.assert_allclose(found(weightless), found(other), rtol=1e-4)
    assert abs(float(found(batch) - found(weightless))) > 1e-5


class Shifted(eqx.Module):
    """Returns the real series, shifted upward."""

    ys: jax.Array

    def samples(self, ts, keys):
        del ts, keys
        return self.ys + 0.5


def test_the_kernel_depends_on_where_series_start():
    batch = batch_of()
    model = Shifted(jnp.nan_to_num(batch.ys))
    whole = eqx.tree_at(lambda b: b.ys, batch, model.ys)
    with_basepoint, without = (
        SignatureMMDLoss(unbiased=False, basepoint=on)(model, whole, jax.random.key(0)) for on in (True, False)
    )
    assert with_basepoint > 1e-3
    np.testing.assert_allclose(without, 0.0, atol=1e-5)


def test_the_loss_is_the_difference_of_scores_with_the_same_missing_values():
    gan, batch = small_gan(), batch_of()
    value, metrics = eqx.filter_jit(WassersteinLoss())(gan, batch, jax.random.key(3))
    samples = gan.samples(batch.ts, jax.random.split(jax.random.split(jax.random.key(3))[0], 6))
    samples = jnp.where(jnp.isnan(batch.ys), jnp.nan, samples)
    real, generated = (
        np.mean([score(gan.discriminator, batch.ts[i], ys[i], 5) for i in range(6)]) for ys in (batch.ys, samples)
    )
    np.testing.assert_allclose(value, real - generated, atol=1e-5)
    np.testing.assert_allclose(metrics["real"], real, atol=1e-5)
    with pytest.raises(ValueError, match=r"penalty must be non-negative; got -1.0"):
        WassersteinLoss(penalty=-1.0)


@pytest.mark.slow
def test_a_stopped_gan_resumes_bit_for_bit_and_stays_clipped(tmp_path):
    batch = batch_of()
    optimizer = adversarial(optax.adam(0.01), optax.adam(0.05))
    settings = {"steps": 6, "key": jax.random.key(1), "average": 0.9}

    def train(**more):
        data = ArrayLoader(batch, 4, seed=1)
        return fit(small_gan(), WassersteinLoss(), data, optimizer, **{"progress": False, **settings, **more})

    def stopping(done, steps, value):
        if done == 4:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train(checkpoint=tmp_path / "run", checkpoint_steps=3, progress=stopping)
    whole = train()
    assert_same(train(checkpoint=tmp_path / "run"), whole)
    for leaf in jax.tree.leaves(eqx.filter(whole.model.discriminator, eqx.is_array)):
        assert leaf.ndim != 2 or float(jnp.max(jnp.abs(leaf))) <= (1 + 1e-6) / leaf.shape[1]
