"""Increments without a path."""

import math
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree, UInt32

from nde.core.compiled import compiled
from nde.core.random import Seed, child
from nde.core.tree import common_dtype
from nde.core.types import BoolScalar, IntScalar, RealScalar
from nde.paths.brownian.base import AbstractBrownianPath, Shape, area_of, seed_from, shape_of
from nde.paths.brownian.bridge import Parts
from nde.paths.brownian.increment import BrownianIncrement, LevyArea
from nde.paths.halves import HALVES


class UnsafeBrownianPath(AbstractBrownianPath):
    """Brownian increments drawn from the key and the two times of each step; neighboring increments do not add up.

    For fixed steps without the need of another look at the same path; `BrownianMotion` is as fast, and safe.

    Attributes:
        shape: A tuple of numbers, or a pytree of `jax.ShapeDtypeStruct`.
        levy_area: Which areas increments come with.

    Raises:
        TypeError: If the key is no key, a dtype is not real and floating, or `levy_area` does not suit.

    Example:
        ```python
        import jax
        import nde

        print(nde.UnsafeBrownianPath(shape=(2,), key=jax.random.key(0)).evaluate(0.0, 0.1))
        ```
    """

    shape: Shape = eqx.field(static=True)
    levy_area: LevyArea = eqx.field(static=True)
    seed: Seed

    def __init__(
        self, shape: Any, key: PRNGKeyArray | UInt32[Array, "..."], levy_area: LevyArea = BrownianIncrement
    ) -> None:
        """Make increments.

        Args:
            shape: A tuple of numbers, or a pytree of `jax.ShapeDtypeStruct`.
            key: Of `jax.random`.
            levy_area: Which areas increments come with.
        """
        self.shape = shape_of(shape)
        self.levy_area = area_of(levy_area, self.shape)
        self.seed = seed_from(key)

    @property
    def t0(self) -> float:
        """Minus infinity."""
        return -math.inf

    @property
    def t1(self) -> float:
        """Infinity."""
        return math.inf

    @compiled()
    def evaluate(
        self, t0: RealScalar, t1: RealScalar | None = None, left: bool = True, use_levy: bool = False
    ) -> PyTree[Any]:
        """An increment for `t0` and `t1`.

        Raises:
            ValueError: If only one time is given.
        """
        del left
        if t1 is None:
            raise ValueError("`UnsafeBrownianPath.evaluate` got one time; it has increments only, so it needs two.")
        return self.increment(t0, t1, self._parts(t0, t1), use_levy)

    def begin(
        self,
        t0: RealScalar,
        step: IntScalar | int = 0,
        may_reject: bool = False,
        forward: BoolScalar | bool = True,
    ) -> PyTree[Any]:
        """Keeps no state.

        Raises:
            ValueError: If steps may be rejected: later steps would not agree with them.
        """
        del t0, step, forward
        if may_reject:
            raise ValueError(
                "`UnsafeBrownianPath` is for steps that are never rejected; got an adaptive controller. Use "
                "`nde.BrownianMotion`, which remembers what rejected steps saw."
            )
        return None

    def redrawable(self, may_reject: bool) -> bool:
        """Only if no step is ever rejected: other steps, or the same walked backward, see other noise."""
        return not may_reject

    def prepare(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], needs: frozenset[str], path_state: PyTree[Any]
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """The increment over the step."""
        del nodes
        if HALVES not in needs:
            return self.evaluate(t, t + h, use_levy=True), path_state
        middle = t + 0.5 * h
        first, second = (self._parts(t0, t1) for t0, t1 in ((t, middle), (middle, t + h)))
        return self.halved((middle - t, t + h - middle), first, second), path_state

    def _parts(self, t0: RealScalar, t1: RealScalar) -> Parts:
        seed = child(child(self.seed, *_words(t0)), *_words(t1))
        return self.over(jnp.asarray(t1) - t0, self.noise(seed, 0))


def _words(t: RealScalar) -> tuple[Array, Array]:
    """The bits of a time."""
    time: Float[Array, ""] = jnp.asarray(t, common_dtype(t, float))
    if time.dtype.itemsize <= 4:
        return jnp.zeros((), jnp.uint32), time.astype(jnp.float32).view(jnp.uint32)
    bits = time.view(jnp.uint64)
    return (bits >> jnp.uint64(32)).astype(jnp.uint32), bits.astype(jnp.uint32)
