"""The training problem of a neural CDE classifier, shared by all sides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.goal import Goal
from benchmarks.side import Ready

AGREEMENT = 1e-4
"""The relative difference of the losses up to which all sides count as computing the same."""
LOSSES = 3
"""How many losses are compared: from the second on they also depend on the gradients and the optimizer."""
LEARNING_RATE = 1e-3


@dataclass(frozen=True, eq=False)
class Classifier:
    """Random walks without gaps, each with its own times, and random classes.

    The first row gives the initial state by a linear map; the vector field is a softplus layer, then `tanh`, as a
    matrix of `(state, channels)`; a linear map of the last state gives the logits. Heun's method takes one step from
    knot to knot along straight lines. The loss is the softmax cross entropy, the optimizer Adam.

    Args:
        batch: number of series.
        times: number of knots per series.
        channels: number of channels; the first one is time.
        hidden: size of the state.
        width: width of the vector field's hidden layer.
        classes: number of classes.
    """

    batch: int
    times: int
    channels: int
    hidden: int
    width: int
    classes: int

    @property
    def x64(self) -> bool:
        """False: single precision."""
        return False

    @cached_property
    def series(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times `(batch, times)`, values `(batch, times, channels)` and classes `(batch,)`."""
        random = np.random.default_rng(0)
        ts = random.uniform(0.2, 1.8, (self.batch, self.times)).cumsum(axis=1)
        ts = (ts - ts[:, :1]) / (ts[:, -1:] - ts[:, :1])
        walks = random.normal(size=(self.batch, self.times, self.channels - 1)).cumsum(axis=1) / self.times**0.5
        ys = np.concatenate([ts[..., None], walks], axis=-1)
        return np.float32(ts), np.float32(ys), random.integers(self.classes, size=self.batch, dtype=np.int32)

    @cached_property
    def weights(self) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
        """The weight, as `(out, in)`, and the bias of each layer."""
        random = np.random.default_rng(1)
        sizes = {
            "initial": (self.channels, self.hidden),
            "in": (self.hidden, self.width),
            "out": (self.width, self.hidden * self.channels),
            "readout": (self.hidden, self.classes),
        }
        return {
            name: tuple(
                np.float32(random.uniform(-1, 1, shape) / inputs**0.5) for shape in ((outputs, inputs), outputs)
            )
            for name, (inputs, outputs) in sizes.items()
        }

    @cached_property
    def losses(self) -> np.ndarray:
        """The first training losses, in double precision and without a solver.

        Along straight lines, Heun's step needs only the increment of the control.
        """
        with jax.enable_x64(True):
            labels, weights = self.series[2], jax.tree.map(np.float64, self.weights)
            optimizer, increments = optax.adam(LEARNING_RATE), jnp.diff(np.float64(self.series[1]), axis=1)

            @jax.jit
            def step(weights: Any, state: Any) -> tuple[Any, Any, Any]:
                def loss(weights: Any) -> Any:
                    logits = bare_logits(weights, self.series[1][:, 0], increments)
                    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

                value, slope = jax.value_and_grad(loss)(weights)
                updates, state = optimizer.update(slope, state)
                return optax.apply_updates(weights, updates), state, value

            state, values = optimizer.init(weights), []
            for _ in range(LOSSES):
                weights, state, value = step(weights, state)
                values.append(float(value))
        return np.array(values)


def bare_logits(weights: Any, first: Any, increments: Any) -> Any:
    """The logits of a batch by a bare scan over the increments `(batch, steps, channels)`."""

    def affine(name: str, x: Any) -> Any:
        weight, bias = weights[name]
        return x @ weight.T + bias

    def change(z: Any, dx: Any) -> Any:
        flat = jnp.tanh(affine("out", jax.nn.softplus(affine("in", z))))
        return jnp.einsum("bsc,bc->bs", flat.reshape(*z.shape, -1), dx)

    def step(z: Any, dx: Any) -> tuple[Any, None]:
        k = change(z, dx)
        return z + 0.5 * (k + change(z + k, dx)), None

    last, _ = jax.lax.scan(step, affine("initial", first), jnp.moveaxis(increments, 1, 0))
    return affine("readout", last)


def agreeing(name: str, ready: Ready, goal: Goal) -> Ready:
    """Return the side unchanged if its losses are correct.

    Raises:
        ValueError: If they are not, because the side computes something else.
    """
    distance = goal.distance(ready.value)
    if distance is not None and not distance <= AGREEMENT:
        raise ValueError(
            f"The first losses of {name} ({ready.setting}) are {ready.value}, {distance:.1e} from {goal.reference}; "
            f"expected at most {AGREEMENT:.0e}. Its model, data or method must differ from the others'."
        )
    return ready


def stacked(told: Sequence[Any]) -> np.ndarray:
    """The losses as one array; anything a step returns after its loss is dropped."""
    return np.array([np.ravel(each)[0] for each in told])
