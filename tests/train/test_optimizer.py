"""The default optimizer."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from nde.train import adam
from nde.train.optimizer import with_standard_promotion


def learning_rates(**settings):
    """Return the learning rate of each step."""
    optimizer, found = adam(0.1, **settings), []
    state = optimizer.init(jnp.ones(2))
    for _ in range(settings["steps"]):
        _, state = optimizer.update(jnp.ones(2), state, jnp.ones(2))
        found.append(
            float(optax.tree_utils.tree_get(state, "learning_rate", filtering=lambda _, x: hasattr(x, "shape")))
        )
    return np.array(found)


def test_the_learning_rate_warms_up_and_decays_along_a_cosine():
    found = learning_rates(steps=10, warmup=2, final=0.0)
    np.testing.assert_allclose(found[:2], [0.1 / 3, 0.2 / 3], rtol=1e-5)
    np.testing.assert_allclose(found[2:], 0.05 * (1 + np.cos(np.pi * np.arange(8) / 8)), rtol=1e-4)


def test_clipping_and_weight_decay_agree_with_optax():
    plain = with_standard_promotion(optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(0.1, weight_decay=0.5)))
    ours = adam(0.1, steps=10**6, warmup=0, weight_decay=0.5)
    weights = jnp.asarray([1.0, -3.0])
    states = [plain.init(weights), ours.init(weights)]
    for gradient in (jnp.asarray([30.0, 40.0]), jnp.asarray([0.1, -0.2])):
        outputs = [each.update(gradient, state, weights) for each, state in zip((plain, ours), states, strict=True)]
        np.testing.assert_allclose(outputs[0][0], outputs[1][0], rtol=1e-5)
        states = [state for _, state in outputs]


@pytest.mark.parametrize(
    "changes", [{"steps": 0}, {"learning_rate": -1.0}, {"clip": 0.0}, {"warmup": 20}, {"warmup": -0.5}]
)
def test_numbers_out_of_range_are_rejected(changes):
    name = next(iter(changes))
    with pytest.raises(ValueError, match=f"{name} must be"):
        adam(**{"steps": 10, **changes})
