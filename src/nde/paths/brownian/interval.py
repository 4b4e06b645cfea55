"""Brownian motion on an interval, walked along step by step."""

import dataclasses
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float, PRNGKeyArray, PyTree, UInt32

from nde.core.random import Seed, child
from nde.core.tree import common_dtype
from nde.core.types import BoolScalar, IntScalar, RealScalar
from nde.paths.brownian.ahead import Ahead, Cutter
from nde.paths.brownian.base import Shape, area_of, seed_from, shape_of
from nde.paths.brownian.bridge import Parts, reverse_where
from nde.paths.brownian.dyadic_path import AbstractDyadicPath
from nde.paths.brownian.increment import BrownianIncrement, LevyArea
from nde.paths.halves import HALVES

_REMEMBERED = 48
"""Room for what is cut where there is no node, besides twice the depth."""
_CUTS = 2**32 - 1
"""The first word of the seeds of these cuts; those of nodes have zero there."""


class Walk(eqx.Module):
    """The state of a walk along a path.

    Attributes:
        ahead: What is known of the path ahead.
        forward: Whether it walks forward in time.
    """

    ahead: Ahead
    forward: BoolScalar


class WalkStep(eqx.Module):
    """A step that was asked for.

    Attributes:
        walk: The state before it, with an interval that ends where it ends.
        intervals: How many intervals it takes.
        middle: How many its first half takes, if that was seen too.
    """

    walk: Walk
    intervals: IntScalar
    middle: IntScalar | None = None

    def increment(self, since: IntScalar | int = 0, until: IntScalar | None = None) -> Parts:
        """The increment over the step, or over some of its intervals."""
        return self.walk.ahead.increment(since, self.intervals if until is None else until)

    def commit(self, accepted: BoolScalar) -> Walk:
        """The state after the step was accepted or rejected."""
        ahead = self.walk.ahead
        for seen in (self.intervals, self.middle):
            ahead = ahead if seen is None else ahead.remember(jnp.where(accepted, 0, seen))
        return Walk(ahead.without(jnp.where(accepted, self.intervals, 0)), self.walk.forward)


class BrownianInterval(AbstractDyadicPath):
    """Brownian motion on an interval that is the same for all grids at the nodes of its tree, at a few draws a step.

    The interval is halved `depth` times. Values at these `2^depth + 1` times depend on the key alone: they are those of
    `VirtualBrownianTree` with the same key and interval. Within a solve, what is known of the path ahead is carried
    along, and a step between nodes is a bridge: exact in distribution, consistent with all that the solve has seen,
    rejected steps too, and forgotten when the solve ends. So two solves on grids that share no node agree only as well
    as paths that meet at the nodes do; where more is wanted take a greater `depth`, or `VirtualBrownianTree`, which is
    a function of time and slower.

    `evaluate` is a function of time, that of the tree continued as far as floating point numbers tell times apart.

    Attributes:
        t0: Start of the interval.
        t1: End of the interval, after `t0`; beyond its ends nothing moves.
        shape: A tuple of numbers, or a pytree of `jax.ShapeDtypeStruct`.
        levy_area: Which areas increments come with.
        depth: How often the interval is halved.

    Raises:
        TypeError: If the key is no key, a dtype is not real and floating, or `levy_area` does not suit.
        ValueError: If `depth` is not between 0 and 30, or `t1` is before `t0`.

    Source: after Kidger, Foster, Li and Lyons, *Efficient and accurate gradients for neural SDEs* (2021),
    doi:10.48550/arXiv.2105.13493, section 4.

    Example:
        ```python
        import jax
        import nde

        def end(steps):
            motion = nde.BrownianInterval(0.0, 1.0, shape=(), key=jax.random.key(0))
            noise = nde.ControlTerm(lambda t, y, args: 0.3 * y, motion)
            terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), noise)
            return nde.diffeqsolve(terms, nde.Heun(), 0.0, 1.0, 1 / steps, 1.0).ys

        print(end(64), end(128))
        ```
    """

    t0: RealScalar
    t1: RealScalar
    shape: Shape = eqx.field(static=True)
    levy_area: LevyArea = eqx.field(static=True)
    depth: int = eqx.field(static=True)
    seed: Seed

    def __init__(
        self,
        t0: RealScalar,
        t1: RealScalar,
        shape: Any,
        key: PRNGKeyArray | UInt32[Array, "..."],
        levy_area: LevyArea = BrownianIncrement,
        depth: int = 6,
    ) -> None:
        """Make a Brownian motion on an interval.

        Args:
            t0: Start of the interval.
            t1: End of the interval, after `t0`.
            shape: A tuple of numbers, or a pytree of `jax.ShapeDtypeStruct`.
            key: Of `jax.random`.
            levy_area: Which areas increments come with.
            depth: How often the interval is halved.
        """
        if not isinstance(t0, Tracer) and not isinstance(t1, Tracer) and t1 < t0:
            raise ValueError(f"`BrownianInterval` got an interval from {t0} to {t1}; expected one that goes forward.")
        if not 0 <= depth <= 30:
            raise ValueError(f"`BrownianInterval` got depth={depth}; expected a number of halvings from 0 to 30.")
        self.t0, self.t1 = t0, t1
        self.shape = shape_of(shape)
        self.levy_area = area_of(levy_area, self.shape)
        self.depth = depth
        self.seed = seed_from(key)

    def begin(
        self,
        t0: RealScalar,
        step: IntScalar | int = 0,
        may_reject: bool = False,
        forward: BoolScalar | bool = True,
    ) -> Walk:
        """The path ahead, known as a whole, or from where the walk starts on."""
        del step
        self.check_steps(may_reject)
        t, forward = jnp.asarray(t0, common_dtype(t0, float)), jnp.asarray(forward)
        length = jnp.abs(jnp.asarray(self.t1, t.dtype) - jnp.asarray(self.t0, t.dtype))
        root = self.root(length)
        walk = Walk(Ahead.whole(length, reverse_where(~forward, root), 2 * self.depth + _REMEMBERED), forward)
        return self._step_to(walk, t).commit(jnp.asarray(True))

    def redrawable(self, may_reject: bool) -> bool:
        """Never: cuts between nodes are those of a solve, so a gradient records its increments."""
        del may_reject
        return False

    def prepare(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], needs: frozenset[str], path_state: Walk
    ) -> tuple[PyTree[Any], WalkStep]:
        """The increment over the step."""
        del nodes
        if HALVES not in needs:
            stepped = self._step_to(path_state, jnp.asarray(t + h))
            return self.over_length(h, stepped.increment(), self.moving(t, t + h)), stepped
        middle = jnp.asarray(t + 0.5 * h)
        half = self._step_to(path_state, middle)
        stepped = dataclasses.replace(self._step_to(half.walk, jnp.asarray(t + h)), middle=half.intervals)
        first, second = stepped.increment(until=half.intervals), stepped.increment(since=half.intervals)
        return self.halved((middle - t, t + h - middle), first, second), stepped

    def commit(self, accepted: BoolScalar, old: Walk, new: WalkStep) -> Walk:
        """Behind the step if it is accepted; otherwise before it, and its end was seen."""
        del old
        return new.commit(accepted)

    def max_step(self, t: RealScalar, path_state: Walk) -> Float[Array, ""]:
        """The length to the nearest end that a rejected step has seen; zero where no more fit."""
        del t
        return path_state.ahead.max_step(cuts=2 * self.depth + 1)

    def _step_to(self, walk: Walk, end: Float[Array, ""]) -> WalkStep:
        t0, t1 = jnp.asarray(self.t0, end.dtype), jnp.asarray(self.t1, end.dtype)
        low, high = jnp.minimum(t0, t1), jnp.maximum(t0, t1)
        distance = jnp.clip(jnp.where(walk.forward, end - low, high - end), 0, high - low)
        cutter = Cutter(self.depth, self._seed_of_cut, lambda seed: self.noise(seed, 0), walk.forward)
        ahead = walk.ahead.cut_at(distance, cutter)
        return WalkStep(Walk(ahead, walk.forward), ahead.before(distance))

    def _seed_of_cut(self, number: Array, draws: Array) -> Seed:
        """That of a node, or of the cuts between nodes."""
        first = jnp.where(number > 0, jnp.uint32(0), jnp.uint32(_CUTS))
        return child(self.seed, first, jnp.where(number > 0, number, draws.astype(jnp.uint32)))
