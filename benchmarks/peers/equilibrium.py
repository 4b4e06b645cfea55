"""A training step of a deep equilibrium model by `nde.models.VectorDEQ`."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from benchmarks.classifier import LEARNING_RATE
from benchmarks.equilibrium import Equilibrium
from benchmarks.peers.classifier import JaxClassifier, Training
from nde.implicit import Anderson, ImplicitGradient, LinearFixedPoint
from nde.models import VectorDEQ

_NEVER = 1e-30
"""A tolerance that no iteration reaches."""


def _trained_by_us(problem: Equilibrium) -> Mapping[str, Training]:
    """Plain weights on both sides; `max_steps` does not count the evaluation at the start."""
    steps = problem.evaluations - 1
    model = VectorDEQ(
        problem.features,
        problem.state,
        problem.classes,
        activation=jnp.tanh,
        solver=Anderson(),
        gradient=ImplicitGradient(LinearFixedPoint(Anderson(), rtol=_NEVER, max_steps=steps)),
        rtol=_NEVER,
        atol=0.0,
        max_steps=steps,
        throw=False,
        key=jax.random.key(0),
    )
    layers = lambda m: (m.encoder.weight, m.encoder.bias, m.layer.f.linear.weight, m.decoder.weight, m.decoder.bias)
    model = eqx.tree_at(layers, model, tuple(jnp.asarray(w) for each in problem.weights.values() for w in each))
    weights, rest = eqx.partition(model, eqx.is_inexact_array)
    xs, labels = (jnp.asarray(each) for each in problem.data)
    optimizer = optax.adam(LEARNING_RATE)

    @jax.jit
    def step(weights: Any, state: Any) -> tuple[Any, Any, Any]:
        def loss(weights: Any) -> Any:
            logits = eqx.combine(weights, rest)(xs, batched=True)
            return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

        value, slope = jax.value_and_grad(loss)(weights)
        updates, state = optimizer.update(slope, state)
        return optax.apply_updates(weights, updates), state, value

    def training() -> Any:
        reached = weights, optimizer.init(weights)

        def advance() -> Any:
            nonlocal reached
            *moved, value = step(*reached)
            reached = tuple(moved)
            return value

        return advance

    return {"": training}


OUR_EQUILIBRIUM = JaxClassifier("nde", _trained_by_us)
