"""The Brownian motion to write by default."""

import dataclasses
import math
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree, UInt32

from nde.core.random import Seed, child
from nde.core.types import BoolScalar, IntScalar, RealScalar
from nde.paths.brownian.base import AbstractBrownianPath, Shape, area_of, seed_from, shape_of
from nde.paths.brownian.bridge import split
from nde.paths.brownian.increment import BrownianIncrement, LevyArea
from nde.paths.brownian.memory import AttemptedStep, Memory, Middle, attempt_step
from nde.paths.halves import HALVES


class BrownianMotion(AbstractBrownianPath):
    """Brownian motion for one solve: exact in distribution, fast, and stored nowhere.

    With steps that are never rejected (`ConstantStepSize`, `StepTo`) the increment over step number `i` is drawn from
    the key and `i`: a gradient draws the same numbers again. With adaptive steps the ends of rejected steps are
    remembered, and later steps agree with what was seen there.

    **The path belongs to the key and to the steps.** Two solves with the same key and other steps see other paths.
    Where they must see the same, as in a convergence study, use `VirtualBrownianTree`.

    Attributes:
        shape: A tuple of numbers, or a pytree of `jax.ShapeDtypeStruct`.
        levy_area: Which areas increments come with.

    Raises:
        TypeError: If the key is no key, a dtype is not real and floating, or `levy_area` does not suit.

    Source: for adaptive steps Rackauckas and Nie (2017), doi:10.3934/dcdsb.2017133.

    Example:
        ```python
        import jax
        import nde

        noise = nde.ControlTerm(lambda t, y, args: 0.3 * y, nde.BrownianMotion(shape=(), key=jax.random.key(0)))
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: 0.1 * y), noise)
        print(nde.diffeqsolve(terms, nde.Euler(), 0.0, 1.0, 0.01, 1.0).ys)
        ```
    """

    by_length: ClassVar[bool] = True
    shape: Shape = eqx.field(static=True)
    levy_area: LevyArea = eqx.field(static=True)
    seed: Seed

    def __init__(
        self,
        shape: Any,
        key: PRNGKeyArray | UInt32[Array, "..."],
        levy_area: LevyArea = BrownianIncrement,
    ) -> None:
        """Make a Brownian motion.

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

    def evaluate(
        self, t0: RealScalar, t1: RealScalar | None = None, left: bool = True, use_levy: bool = False
    ) -> PyTree[Any]:
        """Not to be had outside a solve.

        Raises:
            ValueError: Always, for the path is made by the steps of a solve.
        """
        del t0, t1, left, use_levy
        raise ValueError(
            "`BrownianMotion.evaluate` was called; this path is made by the steps of a solve and has no values of its "
            "own. Use `nde.VirtualBrownianTree` to evaluate a path anywhere."
        )

    def begin(
        self, t0: RealScalar, step: IntScalar | int = 0, may_reject: bool = False, forward: BoolScalar | bool = True
    ) -> PyTree[Any]:
        """The number of the step, or an empty memory if steps may be rejected."""
        del forward
        self.check_steps(may_reject)
        if not may_reject:
            return jnp.asarray(step, jnp.int32)
        return Memory.empty(jnp.asarray(t0), self.noise(self.seed, 0))

    def redrawable(self, may_reject: bool) -> bool:
        """Only if no step is ever rejected."""
        return not may_reject

    def prepare(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], needs: frozenset[str], path_state: PyTree[Any]
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """The increment over the step."""
        del nodes
        if not isinstance(path_state, Memory):
            parts, after = self.over(h, self.noise(self.seed, path_state)), path_state + 1
        else:
            noise = self.noise(self.seed, path_state.draws)
            after = attempt_step(path_state, jnp.asarray(t), h, self.over(h, noise), noise)
            parts = after.parts
        if HALVES not in needs:
            return self.over_length(h, parts), after
        half = 0.5 * h
        middle = jnp.asarray(t + half)
        draw = path_state.draws if isinstance(path_state, Memory) else path_state
        first, second = split(jnp.abs(h), parts, jnp.asarray(0.5, middle.dtype), self.noise(self._middles, draw))
        if isinstance(after, AttemptedStep):
            after = dataclasses.replace(after, middle=Middle(middle, first, second))
        return self.halved((half, h - half), first, second), after

    @property
    def _middles(self) -> Seed:
        """What the middles of steps are drawn from."""
        return child(self.seed, 0, 0)

    def commit(self, accepted: BoolScalar, old: PyTree[Any], new: PyTree[Any]) -> PyTree[Any]:
        """The next step's number, or what is remembered."""
        if isinstance(new, AttemptedStep):
            return new.commit(accepted)
        return jnp.where(accepted, new, old)

    def max_step(self, t: RealScalar, path_state: PyTree[Any]) -> Float[Array, ""] | None:
        """The length to the nearest end remembered; zero where no further one could be remembered."""
        return path_state.max_step(jnp.asarray(t)) if isinstance(path_state, Memory) else None
