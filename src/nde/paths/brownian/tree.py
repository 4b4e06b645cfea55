"""Brownian motion that can be evaluated anywhere."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, PRNGKeyArray, PyTree, UInt32

from nde.core.random import Seed
from nde.core.types import BoolScalar, IntScalar, RealScalar
from nde.paths.brownian.base import Shape, area_of, seed_from, shape_of
from nde.paths.brownian.dyadic_path import AbstractDyadicPath
from nde.paths.brownian.increment import BrownianIncrement, LevyArea
from nde.paths.halves import HALVES


class VirtualBrownianTree(AbstractDyadicPath):
    """Brownian motion on an interval as a function of time: the same path for all steps, forward and backward.

    It is exact in distribution, and consistent, at every time that floating point numbers can represent (to a part in
    2^31 of the interval for float32 times, in 2^52 for float64); nothing is stored. An evaluation goes down a binary
    tree and draws at each of up to twice as many nodes: for a single solve `BrownianMotion` is many times faster.

    Attributes:
        t0: Start of the interval.
        t1: End of the interval; times outside are taken as the nearer end.
        tol: For scripts that give it: here the tree is always as fine as times are.
        shape: A tuple of numbers, or a pytree of `jax.ShapeDtypeStruct`.
        levy_area: Which areas increments come with.

    Raises:
        TypeError: If the key is no key, a dtype is not real and floating, or `levy_area` does not suit.

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
        self.t0, self.t1, self.tol = t0, t1, tol
        self.shape = shape_of(shape)
        self.levy_area = area_of(levy_area, self.shape)
        self.seed = seed_from(key)

    def begin(
        self,
        t0: RealScalar,
        step: IntScalar | int = 0,
        may_reject: bool = False,
        forward: BoolScalar | bool = True,
    ) -> PyTree[Any]:
        """Keeps no state.

        Raises:
            ValueError: If steps may be rejected, and full areas are wanted.
        """
        del t0, step, forward
        self.check_steps(may_reject)
        return None

    def prepare(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], needs: frozenset[str], path_state: PyTree[Any]
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """The increment over the step."""
        del nodes
        if HALVES not in needs:
            return self.evaluate(t, t + h, use_levy=True), path_state
        middle = t + 0.5 * h
        first, second = self.parts_between(t, middle), self.parts_between(middle, t + h)
        return self.halved((middle - t, t + h - middle), first, second), path_state
