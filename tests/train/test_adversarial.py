"""Two players of one loss, weights kept in a box, and averages of weights."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from nde.train import StochasticWeightAverage, adversarial, fit, project_weights
from tests.train.small import HELD, assert_same, loss, trained


class Player(eqx.Module):
    """A number, one for a first state, and a matrix."""

    initial: jax.Array
    rest: jax.Array
    matrix: jax.Array

    def __init__(self, value):
        self.initial, self.rest, self.matrix = jnp.array(value), jnp.array(value), jnp.full((3, 2), 0.1)


class Game(eqx.Module):
    """Two players."""

    generator: Player
    discriminator: Player

    def __init__(self):
        self.generator, self.discriminator = Player(1.0), Player(2.0)


def bowl(game, batch, key):
    """`x^2 / 2 - y^2 / 2` for each player's numbers: by steps of rate `r` both shrink by `1 - r`."""
    down, up = game.generator, game.discriminator
    return 0.5 * (down.initial**2 + down.rest**2 - up.initial**2 - up.rest**2) + jnp.sum(up.matrix - down.matrix)


def test_one_player_descends_and_the_other_ascends_each_at_its_rate():
    optimizer = adversarial(optax.sgd(0.1), optax.sgd(0.2), initial=(2.0, 3.0), clip=False)
    game = fit(Game(), bowl, jnp.zeros(1), optimizer, steps=5, key=jax.random.key(0), progress=False).model
    np.testing.assert_allclose(game.generator.rest, 1.0 * 0.9**5, rtol=1e-6)
    np.testing.assert_allclose(game.generator.initial, 1.0 * 0.8**5, rtol=1e-6)
    np.testing.assert_allclose(game.discriminator.rest, 2.0 * 0.8**5, rtol=1e-6)
    np.testing.assert_allclose(game.discriminator.initial, 2.0 * 0.4**5, rtol=1e-5)
    np.testing.assert_allclose(game.generator.matrix, 0.1 + 5 * 0.1, rtol=1e-6)
    np.testing.assert_allclose(game.discriminator.matrix, 0.1 + 5 * 0.2, rtol=1e-6)


def test_players_of_a_saddle_go_around_it_as_the_rotation_says():
    """`x y`: a step multiplies `x + i y` by `1 + i r`."""

    def saddle(game, batch, key):
        return game.generator.rest * game.discriminator.rest

    optimizer = adversarial(optax.sgd(0.1), optax.sgd(0.1), clip=False)
    found = fit(Game(), saddle, jnp.zeros(1), optimizer, steps=20, key=jax.random.key(0), progress=False).model
    expected = (1 + 2j) * (1 + 0.1j) ** 20
    np.testing.assert_allclose(found.generator.rest, expected.real, rtol=1e-5)
    np.testing.assert_allclose(found.discriminator.rest, expected.imag, rtol=1e-5)


def test_matrices_of_the_discriminator_alone_stay_in_their_box_after_every_step():
    optimizer, game = adversarial(optax.sgd(0.3), optax.adam(0.3)), Game()
    weights = eqx.filter(game, eqx.is_array)
    state = optimizer.init(weights)
    for _ in range(4):
        slope = jax.grad(bowl)(weights, None, None)
        updates, state = optimizer.update(slope, state, weights)
        weights = optax.apply_updates(weights, updates)
        assert jnp.max(jnp.abs(weights.discriminator.matrix)) <= 0.5 * (1 + 1e-6)
    assert jnp.all(weights.generator.matrix > 1.2)
    np.testing.assert_allclose(weights.discriminator.matrix, 0.5, rtol=1e-6)


def test_projection_wants_weights_and_players_want_their_names():
    with pytest.raises(ValueError, match="no weights"):
        project_weights().update(jnp.zeros((2, 2)), optax.EmptyState())
    with pytest.raises(ValueError, match="`generator` and `discriminator`"):
        adversarial().init({"critic": jnp.zeros(2)})


def test_the_mean_of_the_weights_is_that_of_all_steps_after_the_first_part():
    settings = {"loss": loss, "optimizer": optax.sgd(0.1)}
    each = [trained(**settings, steps=n).model.slope for n in range(3, 8)]
    found = trained(**settings, steps=7, average=StochasticWeightAverage(start=2)).model.slope
    np.testing.assert_allclose(found, np.mean(each, axis=0), rtol=1e-5)
    early = trained(**settings, steps=3, average=StochasticWeightAverage(start=5)).model.slope
    np.testing.assert_array_equal(early, each[0])


def test_a_mean_that_was_stopped_goes_on_bit_by_bit_and_another_is_refused(tmp_path):
    settings = {"loss": loss, "validation": HELD, "validate_every": 4, "checkpoint_steps": 6}

    def stopping(done, steps, value):
        if done == 20:
            raise InterruptedError

    average = StochasticWeightAverage(start=9)
    with pytest.raises(InterruptedError):
        trained(**settings, average=average, checkpoint=tmp_path / "run", progress=stopping)
    with pytest.raises(ValueError, match="another training"):
        trained(**settings, average=StochasticWeightAverage(start=8), checkpoint=tmp_path / "run")
    log = tmp_path / "log.jsonl"
    resumed = trained(**settings, average=average, checkpoint=tmp_path / "run", log=log)
    assert_same(resumed, trained(**settings, average=average))
    assert "StochasticWeightAverage(start=9)" in log.read_text()


def test_an_average_begins_at_no_negative_step():
    with pytest.raises(ValueError, match="zero or more"):
        StochasticWeightAverage(start=-1)
