"""A path that is known by its increments."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core.closure import closure_convert
from nde.core.tree import common_dtype
from nde.core.types import RealScalar
from nde.paths.base import AbstractPath


class IncrementPath(AbstractPath):
    """A function `(t0, t1) -> increment` as a path.

    Attributes:
        increment: The function.
    """

    increment: Callable[[RealScalar, RealScalar], PyTree[Any]]

    @property
    def t0(self) -> float:
        """Minus infinity: it is taken to be known everywhere."""
        return -math.inf

    @property
    def t1(self) -> float:
        """Infinity."""
        return math.inf

    def closed(self, t: RealScalar) -> "IncrementPath":
        """The path with its function traced once."""
        t = jnp.asarray(t)
        return IncrementPath(closure_convert(self.increment, t, t))

    def evaluate(self, t0: RealScalar, t1: RealScalar | None = None, left: bool = True) -> PyTree[Any]:
        """The increment from `t0` to `t1`.

        Raises:
            ValueError: If there is no `t1`: a value is not known.
        """
        del left
        if t1 is None:
            raise ValueError("A control that is a function `(t0, t1) -> increment` has no value at a single time.")
        return jax.tree.map(jnp.asarray, self.increment(t0, t1))

    def derivative(self, t: RealScalar, left: bool = True) -> PyTree[Any]:
        """The derivative of the increment in its end."""
        t = jnp.asarray(t, common_dtype(t, float))
        return jax.jvp(lambda end: self.evaluate(t, end, left), (t,), (jnp.ones_like(t),))[1]
