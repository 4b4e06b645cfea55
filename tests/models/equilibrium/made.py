"""Small problems for equilibrium models, and their training."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from nde.train.optimizer import with_standard_promotion


def quadrants(count: int, seed: int) -> tuple[Any, Any]:
    """Points of the plane, and whether the product of their numbers is positive."""
    xs = np.random.default_rng(seed).uniform(-1.0, 1.0, (count, 2)).astype(np.float32)
    return jnp.asarray(xs), jnp.asarray((xs[:, 0] * xs[:, 1] > 0).astype(int))


def bars(count: int, seed: int) -> tuple[Any, Any]:
    """Images with a bar somewhere, and whether it is vertical."""
    random = np.random.default_rng(seed)
    xs, targets = 0.3 * random.normal(size=(count, 1, 6, 6)).astype(np.float32), np.arange(count) % 2
    for x, vertical in zip(xs, targets, strict=True):
        row, column = random.integers(0, 3), random.integers(0, 6)
        (x[0].T if not vertical else x[0])[row : row + 4, column] += 1
    return jnp.asarray(xs), jnp.asarray(targets)


def delayed(count: int, seed: int, by: int = 5) -> tuple[Any, Any]:
    """Series of signs, and the same some steps later."""
    xs = np.sign(np.random.default_rng(seed).normal(size=(count, 24, 1))).astype(np.float32)
    return jnp.asarray(xs), jnp.asarray((np.roll(xs[..., 0], by, axis=1) > 0).astype(int))


def trained(model: Any, data: tuple[Any, Any], steps: int, rate: float = 1e-2, first: int = 0) -> Any:
    """The model after steps of Adam on the cross-entropy of all data, of series from a time on."""
    weights, rest = eqx.partition(model, eqx.is_inexact_array)
    optimizer = with_standard_promotion(optax.adam(rate))
    xs, targets = data

    def loss(weights: Any) -> Any:
        logits = eqx.combine(weights, rest)(xs, batched=True)
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, targets)[..., first:])

    def step(carry: Any, _: None) -> Any:
        weights, state = carry
        change, state = optimizer.update(jax.grad(loss)(weights), state)
        return (optax.apply_updates(weights, change), state), None

    run = jax.jit(lambda w: jax.lax.scan(step, (w, optimizer.init(w)), None, steps)[0][0])
    return eqx.combine(run(weights), rest)


def accuracy(model: Any, data: tuple[Any, Any], first: int = 0) -> float:
    """The share of right classes, of series from a time on."""
    xs, targets = data
    right = jnp.argmax(model(xs, batched=True), axis=-1) == targets
    return float(jnp.mean(right[..., first:]))
