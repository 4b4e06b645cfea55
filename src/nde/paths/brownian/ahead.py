"""What is known of a path ahead of a solve: intervals one behind the other, nearest first.

Distances are measured from where the walk along the interval of the path began. To find the increment up to a distance,
the known interval that holds it is cut there: nodes of the tree in their middle, with the numbers that belong to the
node, and what is no such node just where it is wanted, by a bridge. Each cut makes one more interval, each accepted
step takes some away: for steps in order that is a few cuts a step, however deep the tree.

The arrays that hold increments are never moved. `slots` says where that of each interval is kept; what follows behind
the last interval are the free places.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int32, UInt32

from nde.core import tree
from nde.core.lanes import any_lane
from nde.core.materialize import materialize
from nde.core.random import Seed
from nde.core.types import BoolScalar, IntScalar
from nde.paths.brownian.bridge import Parts, join, reverse_where, split

Distance = Float[Array, ""]


class Cutter(eqx.Module):
    """How known intervals are cut.

    Attributes:
        depth: Intervals with a number below `2^depth` are nodes that have halves.
        seeds: From the number of a node, and of the cut if there is no node, to the seed of a cut.
        noise: Draws standard normal numbers from a seed.
        forward: Whether the walk goes forward in time; the halves of nodes are told apart by time.
    """

    depth: int = eqx.field(static=True)
    seeds: Callable[[Array, Array], Seed]
    noise: Callable[[Seed], Parts]
    forward: BoolScalar

    def halves_of(self, number: Array) -> BoolScalar:
        """Whether an interval is to be cut in its middle."""
        return (number > 0) & (number < 1 << self.depth)


class Ahead(eqx.Module):
    """Known intervals.

    Attributes:
        at: Where the walk is.
        ends: The end of each interval, `inf` behind the last.
        numbers: Of the nodes of the tree; zero for what is no node.
        seen: Whether a step that was rejected ended there.
        slots: Where the increment over each interval is kept.
        parts: The increments, of one row for each slot and one of scratch.
        count: How many intervals there are.
        draws: How many cuts were made where there is no node.
    """

    at: Distance
    ends: Float[Array, " slots"]
    numbers: UInt32[Array, " slots"]
    seen: Bool[Array, " slots"]
    slots: Int32[Array, " slots"]
    parts: Parts
    count: IntScalar
    draws: IntScalar

    @staticmethod
    def whole(length: Distance, parts: Parts, size: int) -> "Ahead":
        """All of the path's interval as the root of its tree, and room for `size` intervals."""
        return Ahead(
            at=jnp.zeros_like(length),
            ends=jnp.full((size,), jnp.inf, length.dtype).at[0].set(length),
            numbers=jnp.zeros((size,), jnp.uint32).at[0].set(1),
            seen=jnp.zeros((size,), bool),
            slots=jnp.arange(size, dtype=jnp.int32),
            parts=tree.set_row(tree.empty_rows(size + 1, parts), 0, parts),
            count=jnp.asarray(1, jnp.int32),
            draws=jnp.asarray(0, jnp.int32),
        )

    def max_step(self, cuts: int) -> Distance:
        """How far the next step may go: to the nearest end seen; nowhere if `cuts` more might not find a place."""
        nearest = jnp.min(jnp.where(self.seen, self.ends, jnp.inf))
        return jnp.where(self.count + cuts > self.ends.shape[0], 0, nearest - self.at)

    def before(self, target: Distance) -> IntScalar:
        """How many intervals end at a distance or before it."""
        return jnp.sum(self.ends <= target, dtype=jnp.int32)

    def begin_of(self, index: IntScalar) -> Distance:
        """Where an interval begins."""
        return jnp.where(index > 0, self.ends[jnp.maximum(index - 1, 0)], self.at)

    def cut_at(self, target: Distance, cutter: Cutter) -> "Ahead":
        """The same with an interval that ends at a distance, which is not beyond the last."""

        def unfinished(ahead: Ahead) -> BoolScalar:
            index = ahead.before(target)
            return (ahead.begin_of(index) < target) & (index < ahead.count) & (ahead.count < ahead.ends.shape[0])

        return jax.lax.while_loop(
            lambda ahead: any_lane(unfinished(ahead)), lambda ahead: ahead.cut(target, cutter, unfinished(ahead)), self
        )

    def cut(self, target: Distance, cutter: Cutter, live: BoolScalar) -> "Ahead":
        """One cut of the interval that holds the target."""
        size = self.ends.shape[0]
        index = jnp.minimum(self.before(target), size - 1)
        begin, end, number, slot = self.begin_of(index), self.ends[index], self.numbers[index], self.slots[index]
        node = cutter.halves_of(number)
        length = jnp.where(live, end - begin, 1)
        share = jnp.where(node, 0.5, jnp.where(live, target - begin, 0.5) / length)
        eps = jnp.finfo(share.dtype).eps
        back = node & ~cutter.forward

        def halves() -> tuple[Parts, Parts]:
            noise = cutter.noise(cutter.seeds(jnp.where(node, number, 0), self.draws))
            whole = reverse_where(back, tree.row(self.parts, slot))
            first, second = split(length, whole, jnp.clip(share, eps, 1 - eps), noise)
            return tree.where(back, reverse_where(back, second), first), tree.where(
                back, reverse_where(back, first), second
            )

        near, far = materialize(halves, begin)
        twice = 2 * number
        free = self.slots[jnp.minimum(self.count, size - 1)]
        parts = tree.set_row(self.parts, jnp.where(live, free, size), near)
        return Ahead(
            at=self.at,
            ends=_inserted(self.ends, index, jnp.where(node, begin + length / 2, target), live),
            numbers=_inserted(
                self.numbers.at[index].set(
                    jnp.where(live, jnp.where(node, twice + (~back).astype(twice.dtype), 0), number)
                ),
                index,
                jnp.where(node, twice + back.astype(twice.dtype), 0),
                live,
            ),
            seen=_inserted(self.seen, index, jnp.asarray(False), live),
            slots=jnp.where(
                jnp.arange(size, dtype=jnp.int32) <= self.count, _inserted(self.slots, index, free, live), self.slots
            ),
            parts=tree.set_row(parts, jnp.where(live, slot, size), far),
            count=self.count + live.astype(self.count.dtype),
            draws=self.draws + (live & ~node).astype(self.draws.dtype),
        )

    def increment(self, since: IntScalar | int, until: IntScalar) -> Parts:
        """The increment over intervals, from number `since` to before number `until`."""

        def add(carry: tuple[IntScalar, Distance, Parts]) -> tuple[IntScalar, Distance, Parts]:
            index, reached, parts = carry
            end = self.ends[index]
            more = join(reached - begin, parts, end - reached, tree.row(self.parts, self.slots[index]))
            live = index < until
            return index + live.astype(index.dtype), jnp.where(live, end, reached), tree.where(live, more, parts)

        first = jnp.asarray(since, until.dtype)
        begin = self.begin_of(first)
        start = (first, begin, tree.zeros_like(tree.row(self.parts, 0)))
        return jax.lax.while_loop(lambda c: any_lane(c[0] < until), add, start)[2]

    def without(self, intervals: IntScalar) -> "Ahead":
        """The rest behind so many intervals."""
        size = self.ends.shape[0]
        index = jnp.arange(size, dtype=jnp.int32) + intervals
        there, source = index < size, index % size
        return Ahead(
            at=self.begin_of(intervals),
            ends=jnp.where(there, self.ends[source], jnp.inf),
            numbers=jnp.where(there, self.numbers[source], 0),
            seen=there & self.seen[source],
            slots=self.slots[source],
            parts=self.parts,
            count=self.count - intervals,
            draws=self.draws,
        )

    def remember(self, intervals: IntScalar) -> "Ahead":
        """The same, of which the end of so many intervals was seen."""
        seen = self.seen | (jnp.arange(self.seen.shape[0], dtype=jnp.int32) == intervals - 1)
        return eqx.tree_at(lambda a: a.seen, self, seen)


def _inserted(values: Array, index: IntScalar, value: Array, live: BoolScalar) -> Array:
    """The values with one more at an index, the last one lost."""
    place = jnp.arange(values.shape[0], dtype=jnp.int32)
    moved = jnp.where(place == index, value.astype(values.dtype), jnp.roll(values, 1))
    return jnp.where(live & (place >= index), moved, values)
