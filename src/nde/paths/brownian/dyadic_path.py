"""Brownian motion on an interval that is halved again and again."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.core.compiled import compiled
from nde.core.random import child
from nde.core.types import RealScalar
from nde.paths.base import check_time
from nde.paths.brownian.base import AbstractBrownianPath
from nde.paths.brownian.bridge import Parts, reverse_where
from nde.paths.brownian.dyadic import Dyadic

_ROOT = 0
"""The number that the increment over the whole interval is drawn from; those of nodes start with one."""


class AbstractDyadicPath(AbstractBrownianPath):
    """A path that the key alone decides: a function of time, of which the halves of the interval are the nodes.

    Two paths of the same key and interval are the same, whatever their class.
    """

    t0: eqx.AbstractVar[RealScalar]
    t1: eqx.AbstractVar[RealScalar]

    def root(self, length: Float[Array, ""]) -> Parts:
        """The increment over the whole interval."""
        return self.over(length, self.noise(child(self.seed, 0, _ROOT), 0))

    @compiled()
    def evaluate(
        self, t0: RealScalar, t1: RealScalar | None = None, left: bool = True, use_levy: bool = False
    ) -> PyTree[Any]:
        """The increment from `t0` to `t1`; with one time, that from the start of the interval to it.

        Args:
            t0: A time.
            t1: Another time, which may come before.
            left: Not used: paths are continuous.
            use_levy: Whether to return a `BrownianIncrement` with its areas instead of `W`.
        """
        del left
        first, last = (self.t0, t0) if t1 is None else (t0, t1)
        check_time(f"`{type(self).__name__}.evaluate`", first, last)
        parts = self.parts_between(first, last)
        if not use_levy:
            return parts[0]
        return self.over_length(jnp.asarray(last) - first, parts, self.moving(first, last))

    def moving(self, first: RealScalar, last: RealScalar) -> Float[Array, ""]:
        """The length between two times within the interval."""
        begin, end = (jnp.clip(jnp.asarray(t), self.t0, self.t1) for t in (first, last))
        return end - begin

    def parts_between(self, first: RealScalar, last: RealScalar) -> Parts:
        """The parts of the increment from one time to another."""
        dtype = _finest(self.t0, first, last)
        start, end = jnp.asarray(self.t0, dtype), jnp.asarray(self.t1, dtype)
        depth = 31 if jnp.finfo(dtype).bits <= 32 else 52
        length = jnp.abs(end - start)

        def cell(t: RealScalar) -> Array:
            share = jnp.clip((jnp.asarray(t, dtype) - start) / (end - start), 0, 1)
            return jnp.round(share * 2.0**depth).astype(jnp.uint32 if depth < 32 else jnp.uint64)

        dyadic = Dyadic(self.seed, lambda seed: self.noise(seed, 0), length * 2.0**-depth, depth)
        begin, end_cell = cell(first), cell(last)
        parts = dyadic.increment(self.root(length), jnp.minimum(begin, end_cell), jnp.maximum(begin, end_cell))
        return reverse_where(begin > end_cell, parts)


def _finest(*times: RealScalar) -> Any:
    """The most precise floating dtype among times."""
    dtypes = [jnp.asarray(t).dtype for t in times]
    floating = [dtype for dtype in dtypes if jnp.issubdtype(dtype, jnp.floating)]
    return max(floating, key=lambda dtype: jnp.finfo(dtype).bits) if floating else jnp.result_type(float)
