"""The optimizer of GANs, weight clipping, and weight averaging."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from nde.train import StochasticWeightAverage, adversarial, fit, project_weights
from tests.train.small import HOLDOUT, assert_same, loss, train


class Player(eqx.Module):
    """A number, one for an initial state, and a matrix."""

    initial: jax.Array
    rest: jax.Array
    matrix: jax.Array

    def __init__(self, value):
        self.initial, self.rest, self.matrix = jnp.array(value), jnp.array(value), jnp.full((3, 2), 0.1)


class Game(eqx.Module):
    """A generator and a discriminator."""

    generator: Player
    discriminator: Player

    def __init__(self):
        self.generator, self.discriminator = Player(1.0), Player(2.0)


def bowl(game, batch, key):
    """`x^2 / 2 - y^2 / 2` for each player's numbers: by steps of rate `r` both shrink by `1 - r`."""
    x, y = game.generator, game.discriminator
    return 0.5 * (x.initial**2 + x.rest**2 - y.initial**2 - y.rest**2) + jnp.sum(y.matrix - x.matrix)


def test_the_generator_descends_and_the_discriminator_ascends_each_at_its_rate():
    optimizer = adversarial(optax.sgd(0.1), optax.sgd(0.2), initial=(2.0, 3.0), clip=False)
    game = fit(Game(), bowl, jnp.zeros(1), optimizer, steps=5, key=jax.random.key(0), progress=False).model
    np.testing.assert_allclose(game.generator.rest, 1.0 * 0.9**5, rtol=1e-6)
    np.testing.assert_allclose(game.generator.initial, 1.0 * 0.8**5, rtol=1e-6)
    np.testing.assert_allclose(game.discriminator.rest, 2.0 * 0.8**5, rtol=1e-6)
    np.testing.assert_allclose(game.discriminator.initial, 2.0 * 0.4**5, rtol=1e-5)
    np.testing.assert_allclose(game.generator.matrix, 0.1 + 5 * 0.1, rtol=1e-6)
    np.testing.assert_allclose(game.discriminator.matrix, 0.1 + 5 * 0.2, rtol=1e-6)


def test_on_a_saddle_the_players_rotate_around_the_equilibrium():
    """`x y`: a step multiplies `x + i y` by `1 + i r`."""

    def saddle(game, batch, key):
        return game.generator.rest * game.discriminator.rest

    optimizer = adversarial(optax.sgd(0.1), optax.sgd(0.1), clip=False)
    found = fit(Game(), saddle, jnp.zeros(1), optimizer, steps=20, key=jax.random.key(0), progress=False).model
    expected = (1 + 2j) * (1 + 0.1j) ** 20
    np.testing.assert_allclose(found.generator.rest, expected.real, rtol=1e-5)
    np.testing.assert_allclose(found.discriminator.rest, expected.imag, rtol=1e-5)


def test_only_the_matrices_of_the_discriminator_are_clipped_after_every_step():
    optimizer, game = adversarial(optax.sgd(0.3), optax.adam(0.3)), Game()
    weights = eqx.filter(game, eqx.is_array)
    state = optimizer.init(weights)
    for _ in range(4):
        gradient = jax.grad(bowl)(weights, None, None)
        updates, state = optimizer.update(gradient, state, weights)
        weights = optax.apply_updates(weights, updates)
        assert jnp.max(jnp.abs(weights.discriminator.matrix)) <= 0.5 * (1 + 1e-6)
    assert jnp.all(weights.generator.matrix > 1.2)
    np.testing.assert_allclose(weights.discriminator.matrix, 0.5, rtol=1e-6)


def test_projection_needs_weights_and_adversarial_needs_both_players():
    with pytest.raises(ValueError, match="needs the weights"):
        project_weights().update(jnp.zeros((2, 2)), optax.EmptyState())
    with pytest.raises(ValueError, match="`generator` and `discriminator`"):
        adversarial().init({"critic": jnp.zeros(2)})


def test_stochastic_weight_averaging_averages_all_steps_after_its_start():
    settings = {"loss": loss, "optimizer": optax.sgd(0.1)}
    each = [train(**settings, steps=n).model.slope for n in range(3, 8)]
    found = train(**settings, steps=7, average=StochasticWeightAverage(start=2)).model.slope
    np.testing.assert_allclose(found, np.mean(each, axis=0), rtol=1e-5)
    early = train(**settings, steps=3, average=StochasticWeightAverage(start=5)).model.slope
    np.testing.assert_array_equal(early, each[0])


def test_an_averaged_run_resumes_bit_for_bit_and_another_average_is_rejected(tmp_path):
    settings = {"loss": loss, "validation": HOLDOUT, "validate_every": 4, "checkpoint_steps": 6}

    def stopping(done, steps, value):
        if done == 20:
            raise InterruptedError

    average = StochasticWeightAverage(start=9)
    with pytest.raises(InterruptedError):
        train(**settings, average=average, checkpoint=tmp_path / "run", progress=stopping)
    with pytest.raises(ValueError, match="a different run"):
        train(**settings, average=StochasticWeightAverage(start=8), checkpoint=tmp_path / "run")
    log = tmp_path / "log.jsonl"
    resumed = train(**settings, average=average, checkpoint=tmp_path / "run", log=log)
    assert_same(resumed, train(**settings, average=average))
    assert "StochasticWeightAverage(start=9)" in log.read_text()


def test_averaging_rejects_a_negative_start():
    with pytest.raises(ValueError, match="start must be a non-negative number of steps; got -1"):
        StochasticWeightAverage(start=-1)
