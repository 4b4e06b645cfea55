"""The problem of solving a neural CDE, shared by all sides."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree


@dataclass(frozen=True, eq=False)
class Controlled:
    """A batch of series, a network in matrix form with one hidden layer, and a loss of the final states.

    Args:
        ts: the times of all series, from 0 to 1.
        xs: the series, of shape `(batch, times, channels)`; the first channel is time.
        args: the weights.
        tolerance: relative and absolute tolerance; one step from knot to knot when None.
        gradient: whether to compute the gradient of the summed squares with respect to the weights;
            otherwise the final states.
        max_steps: maximum number of steps of a solve.
    """

    ts: np.ndarray
    xs: np.ndarray
    args: PyTree[np.ndarray]
    tolerance: tuple[float, float] | None = None
    gradient: bool = False
    max_steps: int = 4096

    @property
    def x64(self) -> bool:
        """False: single precision."""
        return False

    @property
    def coefficients(self) -> tuple[np.ndarray, ...]:
        """Coefficients of the backward Hermite cubics: `(d, c, b, a)`, each `(batch, times - 1, channels)`."""
        h = np.diff(self.ts)[:, None]
        after = np.diff(self.xs, axis=1) / h
        before = np.concatenate([after[:, :1], after[:, :-1]], axis=1)
        return (before - after) / h**2, 2 * (after - before) / h, before, self.xs[:, :-1]

    def inputs(self) -> tuple[Any, ...]:
        """The weights, the first values and the coefficients, on JAX's device."""
        return jax.device_put((self.args, self.xs[:, 0], tuple(np.float32(c) for c in self.coefficients)))


def field(xp: ModuleType, softplus: Callable[[Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """A softplus layer, then `tanh`, as a matrix of `(state, channels)`; a batch of states may come first."""

    def vector_field(_t: Any, y: Any, args: Any) -> Any:
        hidden = softplus(y @ args["in"] + args["in bias"])
        flat = xp.tanh(hidden @ args["out"] + args["out bias"])
        return flat.reshape((*y.shape, -1))

    return vector_field


def controlled(
    batch: int, times: int, channels: int, hidden: int, width: int, tolerance: tuple[float, float] | None = None
) -> Controlled:
    """Random walks in float32, and a random network."""
    random = np.random.default_rng(0)
    ts = np.linspace(0, 1, times)
    walks = random.normal(size=(batch, times, channels - 1)).cumsum(axis=1) / times**0.5
    time = np.broadcast_to(ts[:, None], (batch, times, 1))
    args = {
        "first": random.normal(size=(channels, hidden)),
        "in": random.normal(size=(hidden, width)) / hidden**0.5,
        "in bias": np.zeros(width),
        "out": random.normal(size=(width, hidden * channels)) / (2 * width**0.5),
        "out bias": np.zeros(hidden * channels),
    }
    return Controlled(
        np.float32(ts), np.float32(np.concatenate([time, walks], axis=-1)), jax.tree.map(np.float32, args), tolerance
    )
