"""A training run that takes milliseconds, shared by tests."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from nde.data import ArrayLoader
from nde.train import Fit, fit

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(24, 3)).astype(np.float32)
TARGETS = (ROWS @ np.array([1.0, -2.0, 0.5]) + 0.3).astype(np.float32)
HOLDOUT = (RANDOM.normal(size=(10, 3)).astype(np.float32), RANDOM.normal(size=10).astype(np.float32))


class Line(eqx.Module):
    """A linear model with a part that is not trained."""

    slope: Any
    offset: Any
    steps: Any
    name: str = "line"

    def __init__(self, width: int = 3, name: str = "line"):
        self.slope, self.offset, self.steps, self.name = jnp.zeros(width), jnp.zeros(()), jnp.arange(3), name


def loss(model: Line, batch: Any, key: Any) -> Any:
    """Return the mean squared error, with noise that depends on the key."""
    x, y = batch
    noise = 0.1 * jax.random.normal(key, y.shape)
    return jnp.mean((x @ model.slope + model.offset + noise - y) ** 2)


def metric(model: Line, batch: Any, key: Any) -> Any:
    """Return the mean squared error without noise."""
    x, y = batch
    return jnp.mean((x @ model.slope + model.offset - y) ** 2)


def train(**changes: Any) -> Fit:
    """Train with these settings changed."""
    settings: dict[str, Any] = {
        "model": Line(),
        "loss": metric,
        "data": ArrayLoader((ROWS, TARGETS), 8, seed=3),
        "optimizer": optax.adam(0.05),
        "steps": 30,
        "key": jax.random.key(0),
        "progress": False,
    }
    return fit(**{**settings, **changes})


def assert_same(one: Fit, other: Fit) -> None:
    """Assert that two fits agree bit for bit."""
    for x, y in zip(
        jax.tree.leaves((one.model, one.history)), jax.tree.leaves((other.model, other.history)), strict=True
    ):
        np.testing.assert_array_equal(x, y)
    assert (one.best_step, one.steps, one.skipped, one.reason) == (
        other.best_step,
        other.steps,
        other.skipped,
        other.reason,
    )
