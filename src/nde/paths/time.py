"""Time itself as a path: what drives an ordinary differential equation."""

import math
from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.core.compiled import compiled
from nde.core.types import RealScalar
from nde.paths.base import AbstractPath
from nde.paths.halves import HALVES, Halves


class TimePath(AbstractPath):
    """Time itself as a path: its value is the time, its increment the step size.

    Example:
        ```python
        import nde

        print(nde.TimePath().evaluate(1.0, 3.0))
        ```
    """

    by_length: ClassVar[bool] = True

    @property
    def t0(self) -> float:
        """Minus infinity."""
        return -math.inf

    @property
    def t1(self) -> float:
        """Infinity."""
        return math.inf

    @compiled()
    def evaluate(self, t0: RealScalar, t1: RealScalar | None = None, left: bool = True) -> Float[Array, ""]:
        """The time `t0`, or the difference `t1 - t0`."""
        del left
        return jnp.asarray(t0) if t1 is None else jnp.asarray(t1 - t0)

    def prepare(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], needs: frozenset[str], path_state: PyTree[Any]
    ) -> tuple[RealScalar | Halves, PyTree[Any]]:
        """The step size is all that the stages need."""
        del t, nodes
        half = 0.5 * h
        return Halves(h, half, h - half) if HALVES in needs else h, path_state
