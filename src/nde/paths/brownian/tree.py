"""Brownian motion that can be evaluated anywhere."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree, UInt32

from nde.core import tree
from nde.core.random import Seed, child
from nde.core.types import RealScalar
from nde.paths.brownian.base import AbstractBrownianPath, Shape, seed_from, shape_of
from nde.paths.brownian.bridge import Parts, reversed_parts
from nde.paths.brownian.dyadic import Dyadic
from nde.paths.brownian.increment import BrownianIncrement, LevyArea, parts_of

_ROOT = 0
"""The number that the increment over the whole interval is drawn from; those of nodes start with one."""


class VirtualBrownianTree(AbstractBrownianPath):
    """Brownian motion on an interval as a function of time: the same path whatever steps are taken, and backward.

    It is exact in law, and consistent, at every time that floating point numbers tell apart (to a part in 2^31 of the
    interval for float32 times, in 2^52 for float64); nothing is stored. An evaluation walks down a binary tree and
    draws at each of up to twice as many nodes: for a single solve `BrownianMotion` is many times faster.

    Attributes:
        t0: Start of the interval.
        t1: End of the interval; times outside are taken as the nearer end.
        tol: For scripts that give it: here the tree is always as fine as times are.
        shape: A tuple of numbers, or a pytree of `jax.ShapeDtypeStruct`.
        levy_area: Which areas increments come with.

    Raises:
        TypeError: If the key is no key, a dtype is not real and floating, or `levy_area` is none of the three classes.

    Source: Jelinčič, Foster and Kidger, *Single-seed generation of Brownian paths and integrals for adaptive and high
    order SDE solvers* (2024), doi:10.48550/arXiv.2405.06464.

    Example:
        ```python
        import jax
        import nde

        motion = nde.VirtualBrownianTree(0.0, 1.0, tol=1e-3, shape=(), key=jax.random.key(0))
        print(motion.evaluate(0.2, 0.7), motion.evaluate(0.2, 0.5) + motion.evaluate(0.5, 0.7))
        ```
    """

    t0: RealScalar
    t1: RealScalar
    tol: RealScalar
    shape: Shape = eqx.field(static=True)
    levy_area: LevyArea = eqx.field(static=True)
    seed: Seed

    def __init__(
        self,
        t0: RealScalar,
        t1: RealScalar,
        tol: RealScalar,
        shape: Any,
        key: PRNGKeyArray | UInt32[Array, "..."],
        levy_area: LevyArea = BrownianIncrement,
    ) -> None:
        """Make a Brownian motion on an interval.

        Args:
            t0: Start of the interval.
            t1: End of the interval.
            tol: For scripts that give it; not used.
            shape: A tuple of numbers, or a pytree of `jax.ShapeDtypeStruct`.
            key: Of `jax.random`.
            levy_area: Which areas increments come with.
        """
        parts_of(levy_area)
        self.t0, self.t1, self.tol = t0, t1, tol
        self.shape = shape_of(shape)
        self.levy_area = levy_area
        self.seed = seed_from(key)

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
        return self.increment(first, last, self._between(first, last), use_levy)

    def prepare(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], needs: frozenset[str], place: PyTree[Any]
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """The increment over the step."""
        del nodes, needs
        return self.evaluate(t, t + h, use_levy=True), place

    def _between(self, first: RealScalar, last: RealScalar) -> Parts:
        dtype = jnp.result_type(float, jnp.asarray(self.t0).dtype, jnp.asarray(first).dtype, jnp.asarray(last).dtype)
        start, end = jnp.asarray(self.t0, dtype), jnp.asarray(self.t1, dtype)
        depth = 31 if jnp.finfo(dtype).bits <= 32 else 52
        length = jnp.abs(end - start)

        def cell(t: RealScalar) -> Array:
            share = jnp.clip((jnp.asarray(t, dtype) - start) / (end - start), 0, 1)
            return jnp.round(share * 2.0**depth).astype(jnp.uint32 if depth < 32 else jnp.uint64)

        dyadic = Dyadic(self.seed, lambda seed: self.noise(seed, 0), length * 2.0**-depth, depth)
        root = self.over(length, self.noise(child(self.seed, 0, _ROOT), 0))
        begin, end_cell = cell(first), cell(last)
        parts = dyadic.increment(root, jnp.minimum(begin, end_cell), jnp.maximum(begin, end_cell))
        return tree.where(begin <= end_cell, parts, reversed_parts(parts))


class UnsafeBrownianPath(AbstractBrownianPath):
    """Increments drawn from the key and the two times of each step: no path, for neighbouring increments do not add up.

    For fixed steps without the need of another look at the same path; `BrownianMotion` is as fast, and safe.

    Attributes:
        shape: A tuple of numbers, or a pytree of `jax.ShapeDtypeStruct`.
        levy_area: Which areas increments come with.

    Raises:
        TypeError: If the key is no key, a dtype is not real and floating, or `levy_area` is none of the three classes.

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
        parts_of(levy_area)
        self.shape = shape_of(shape)
        self.levy_area = levy_area
        self.seed = seed_from(key)

    def evaluate(
        self, t0: RealScalar, t1: RealScalar | None = None, left: bool = True, use_levy: bool = False
    ) -> PyTree[Any]:
        """An increment for `t0` and `t1`.

        Raises:
            ValueError: If only one time is given.
        """
        del left
        if t1 is None:
            raise ValueError("`UnsafeBrownianPath.evaluate` got one time; it has increments only, and wants two.")
        seed = child(child(self.seed, *_words(t0)), *_words(t1))
        parts = self.over(jnp.asarray(t1) - t0, self.noise(seed, 0))
        return self.increment(t0, t1, parts, use_levy)

    def prepare(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], needs: frozenset[str], place: PyTree[Any]
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """The increment over the step."""
        del nodes, needs
        return self.evaluate(t, t + h, use_levy=True), place


def _words(t: RealScalar) -> tuple[Array, Array]:
    """The bits of a time."""
    time: Float[Array, ""] = jnp.asarray(t, jnp.result_type(float, t))
    if time.dtype.itemsize <= 4:
        return jnp.zeros((), jnp.uint32), time.astype(jnp.float32).view(jnp.uint32)
    bits = time.view(jnp.uint64)
    return (bits >> jnp.uint64(32)).astype(jnp.uint32), bits.astype(jnp.uint32)
