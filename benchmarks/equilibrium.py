"""The training problem of a deep equilibrium model, shared by all sides."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.classifier import LEARNING_RATE, LOSSES

NORM = 0.5
"""The spectral norm of the recurrent weights."""
_CONVERGED = 100
"""Plain iterations of the reference, in double precision."""


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """Random inputs and classes for `z = tanh(W z + U x + b)`, whose equilibrium gives the logits by a linear map.

    Anderson's method takes a fixed number of evaluations for the equilibrium and for the linear system of its gradient.
    The loss is the softmax cross entropy, the optimizer Adam.

    Args:
        batch: number of inputs.
        features: length of an input.
        state: length of the state.
        classes: number of classes.
        evaluations: how many times the map is evaluated, in either pass.
    """

    batch: int
    features: int
    state: int
    classes: int
    evaluations: int

    @property
    def x64(self) -> bool:
        """False: single precision."""
        return False

    @cached_property
    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs `(batch, features)` and classes `(batch,)`."""
        random = np.random.default_rng(0)
        xs = random.uniform(size=(self.batch, self.features))
        return np.float32(xs), random.integers(self.classes, size=self.batch, dtype=np.int32)

    @cached_property
    def weights(self) -> Mapping[str, tuple[np.ndarray, ...]]:
        """The weight, as `(out, in)`, and the bias of each layer; the recurrent one has none."""
        random = np.random.default_rng(1)

        def affine(outputs: int, inputs: int) -> tuple[np.ndarray, ...]:
            shapes = (outputs, inputs), (outputs,)
            return tuple(np.float32(random.uniform(-1, 1, shape) / inputs**0.5) for shape in shapes)

        recurrent = random.normal(size=(self.state, self.state))
        return {
            "encoder": affine(self.state, self.features),
            "recurrent": (np.float32(NORM * recurrent / np.linalg.norm(recurrent, 2)),),
            "decoder": affine(self.classes, self.state),
        }

    @cached_property
    def losses(self) -> np.ndarray:
        """The first training losses, in double precision through plain iterations."""
        with jax.enable_x64(True):
            xs, labels = np.float64(self.data[0]), self.data[1]
            weights, optimizer = jax.tree.map(np.float64, dict(self.weights)), optax.adam(LEARNING_RATE)

            @jax.jit
            def step(weights: Any, state: Any) -> tuple[Any, Any, Any]:
                def loss(weights: Any) -> Any:
                    (u_weight, u_bias), (out, out_bias) = weights["encoder"], weights["decoder"]
                    (recurrent,) = weights["recurrent"]
                    u = xs @ u_weight.T + u_bias
                    again = lambda z, _: (jnp.tanh(z @ recurrent.T + u), None)
                    z, _ = jax.lax.scan(again, jnp.zeros_like(u), length=_CONVERGED)
                    return optax.softmax_cross_entropy_with_integer_labels(z @ out.T + out_bias, labels).mean()

                value, slope = jax.value_and_grad(loss)(weights)
                updates, state = optimizer.update(slope, state)
                return optax.apply_updates(weights, updates), state, value

            state, values = optimizer.init(weights), []
            for _ in range(LOSSES):
                weights, state, value = step(weights, state)
                values.append(float(value))
        return np.array(values)
