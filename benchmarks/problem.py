"""The initial value problem to solve, shared by all sides."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

Field = Callable[[Any, Any, Any], Any]


@dataclass(frozen=True, eq=False)
class Noise:
    """Diagonal noise from independent Brownian motions with the shape of the state.

    Args:
        diffusion: `diffusion(xp)` is the vector field `(t, y, args) -> g`, written with the array module `xp`.
        areas: whether the method draws space-time Lévy areas.
    """

    diffusion: Callable[[ModuleType], Field]
    areas: bool = False


@dataclass(frozen=True, eq=False)
class Problem:
    """An initial value problem from time 0 to `t1`, for its values or a gradient of them.

    Args:
        field: `field(xp)` is the vector field `(t, y, args) -> dy` written with the array module `xp` (`jax.numpy`,
            `numpy` or `torch`).
        y0: the initial state; its dtype is the precision of the whole problem.
        args: the parameters, a pytree of arrays.
        t1: the final time.
        dt0: the first step size; that of every step without a tolerance.
        tolerance: relative and absolute tolerance; None for constant steps.
        max_steps: maximum number of steps of a solve.
        ts: save times, the first one 0; None for only the final value.
        loss: a function of the saved values, differentiated with respect to `y0` and `args`; None for only the values.
        method: the solver of the JAX sides.
        noise: the noise of an SDE; None for an ODE.
        lanes: the `vmap` axes of `(y0, args)` for one-sample solves; None for a single solve.
    """

    field: Callable[[ModuleType], Field]
    y0: np.ndarray
    args: PyTree[np.ndarray]
    t1: float
    dt0: float
    tolerance: float | None
    max_steps: int
    ts: np.ndarray | None = None
    loss: Callable[[Any], Any] | None = None
    method: str = "Tsit5"
    noise: Noise | None = None
    lanes: tuple[int | None, int | None] | None = None

    @property
    def x64(self) -> bool:
        """Whether the problem is in double precision."""
        return self.y0.dtype == np.float64

    def inputs(self) -> tuple[Any, ...]:
        """`(y0, args)` on JAX's device; for an SDE the key comes third, one per batch element."""
        inputs = jax.device_put((self.y0, self.args))
        if self.noise is None:
            return inputs
        key = jax.random.key(0)
        return (*inputs, key if self.lanes is None else jax.random.split(key, len(self.y0)))

    @property
    def axes(self) -> tuple[int | None, ...] | None:
        """The `vmap` axes of the inputs."""
        return self.lanes if self.lanes is None or self.noise is None else (*self.lanes, 0)
