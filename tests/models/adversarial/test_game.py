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
    """A model with weights as large as they may be, of random signs."""
    weights, rest = eqx.partition(model, eqx.is_inexact_array)
    random = np.random.default_rng(3)
    sign = lambda w: jnp.asarray(random.choice([-1.0, 1.0], w.shape), w.dtype) / (w.shape[-1] if w.ndim == 2 else 4.0)
    return eqx.combine(jax.tree.map(sign, weights), rest)


def test_neither_padding_nor_a_row_without_observations_on_the_line_changes_a_score():
    ys = paths(0, 5)
    whole = score(DISCRIMINATOR, TS, ys, 5)
    longer = jnp.concatenate([TS, TS[-1:] + 0.3, TS[-1:] + 0.9])
    padded = jnp.concatenate([ys, jnp.full((2, 1), jnp.nan)])
    np.testing.assert_allclose(score(DISCRIMINATOR, longer, padded, 5), whole, rtol=1e-6)
    gap = ys.at[2].set(jnp.nan)
    line = ys.at[2].set(ys[1] + (ys[3] - ys[1]) * (TS[2] - TS[1]) / (TS[3] - TS[1]))
    np.testing.assert_allclose(score(DISCRIMINATOR, TS, gap, 5), score(DISCRIMINATOR, TS, line, 5), rtol=1e-5)
    assert abs(float(score(DISCRIMINATOR, TS, gap, 5) - whole)) > 1e-5


def test_scores_of_many_are_those_of_each_and_of_lanes():
    ts, ys, lengths = jnp.stack([TS, 2 * TS, TS + 1]), paths(1, 3, 5), jnp.array([5, 4, 2])
    ys = jnp.where(jnp.arange(5)[None, :, None] < lengths[:, None, None], ys, jnp.nan)
    many = eqx.filter_jit(DISCRIMINATOR.scores)(ts, ys, lengths)
    each = [score(DISCRIMINATOR, ts[i], ys[i], lengths[i]) for i in range(3)]
    np.testing.assert_allclose(many, each, rtol=1e-5)
    np.testing.assert_allclose(eqx.filter_jit(jax.vmap(DISCRIMINATOR.__call__))(ts, ys, lengths), many, rtol=1e-5)


def test_a_clipped_discriminator_is_lipschitz():
    """By Gronwall, in maximum norms: `(|x0 - y0| + V(x - y)) exp(V(x))`, with the variation `V` of all channels.

    It is that of the equation, and of each step of the midpoint rule.
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


def test_the_penalty_is_that_of_slopes_by_finite_differences_and_acts_on_one_player():
    with jax.enable_x64(True):
        gan, batch, key = small_gan(solver=nde.Midpoint()), batch_of(2), jax.random.key(7)
        made = jnp.where(jnp.isnan(batch.ys), jnp.nan, paths(8, 2, 5).astype(float))
        penalty = eqx.filter_jit(gradient_penalty)(gan, batch, made, key)
        share = jax.random.uniform(key, (2, 1, 1), batch.ys.dtype)
        mixed = np.asarray(share * batch.ys + (1 - share) * made)
        scores = eqx.filter_jit(gan.discriminator.scores)
        squares, step = np.zeros(2), 1e-5
        for place in zip(*np.nonzero(~np.isnan(mixed)), strict=True):
            moved = [np.array(mixed) for _ in range(2)]
            moved[0][place] += step
            moved[1][place] -= step
            up, down = (scores(batch.ts, jnp.asarray(each), batch.lengths)[place[0]] for each in moved)
            squares[place[0]] += float((up - down) / (2 * step)) ** 2
        np.testing.assert_allclose(penalty, np.mean((np.sqrt(squares) - 1) ** 2), rtol=1e-6)

        def penalized(gan):
            return WassersteinLoss(penalty=5.0)(gan, batch, key)[0] - WassersteinLoss()(gan, batch, key)[0]

        slope = eqx.filter_jit(eqx.filter_grad(penalized))(gan)
        arrays = lambda part: jax.tree.leaves(eqx.filter(part, eqx.is_array))
        largest = lambda part: max(float(jnp.max(jnp.abs(leaf))) for leaf in arrays(part))
        assert largest(slope.generator) < 1e-12
        assert largest(slope.discriminator) > 1e-3


@pytest.mark.parametrize("loss", [WassersteinLoss(), SignatureMMDLoss()])
def test_losses_see_neither_padding_nor_series_of_no_weight(loss):
    batch = batch_of()
    model, key = small_gan(), jax.random.key(3)
    found = eqx.filter_jit(lambda batch: jax.tree.leaves(loss(model, batch, key))[0])
    weightless = eqx.tree_at(lambda b: b.weights, batch, batch.weights.at[-1].set(0.0))
    other = eqx.tree_at(lambda b: b.ys, weightless, batch.ys.at[-1].mul(2.0))
    np.testing.assert_allclose(found(weightless), found(other), rtol=1e-4)
    assert abs(float(found(batch) - found(weightless))) > 1e-5


class Shifted(eqx.Module):
    """Makes the real series again, all of them higher."""

    ys: jax.Array

    def samples(self, ts, keys):
        del ts, keys
        return self.ys + 0.5


def test_the_kernel_sees_where_series_begin():
    batch = batch_of()
    model = Shifted(jnp.nan_to_num(batch.ys))
    whole = eqx.tree_at(lambda b: b.ys, batch, model.ys)
    seen, unseen = (
        SignatureMMDLoss(unbiased=False, basepoint=there)(model, whole, jax.random.key(0)) for there in (True, False)
    )
    assert seen > 1e-3
    np.testing.assert_allclose(unseen, 0.0, atol=1e-5)


def test_a_loss_is_the_gap_of_scores_and_generated_series_lack_what_real_ones_do():
    gan, batch = small_gan(), batch_of()
    value, told = eqx.filter_jit(WassersteinLoss())(gan, batch, jax.random.key(3))
    made = gan.samples(batch.ts, jax.random.split(jax.random.split(jax.random.key(3))[0], 6))
    made = jnp.where(jnp.isnan(batch.ys), jnp.nan, made)
    real, generated = (
        np.mean([score(gan.discriminator, batch.ts[i], ys[i], 5) for i in range(6)]) for ys in (batch.ys, made)
    )
    np.testing.assert_allclose(value, real - generated, atol=1e-5)
    np.testing.assert_allclose(told["real"], real, atol=1e-5)
    with pytest.raises(ValueError, match="not negative"):
        WassersteinLoss(penalty=-1.0)


@pytest.mark.slow
def test_a_stopped_game_goes_on_bit_by_bit_and_keeps_its_box(tmp_path):
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
