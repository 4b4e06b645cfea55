"""What a path remembers of times that it was asked about and that the solve has not reached.

A rejected step has seen the path at its end. The steps that follow must agree with that, and must not step over it: a
solve whose steps depend on what it saw, and then skips it, converges to something else. So the ends of rejected steps
are kept, each with the increment up to it, nearest last, and a step ends there at the latest.

Source: Rackauckas and Nie, *Adaptive methods for stochastic differential equations via natural embeddings and
rejection sampling with memory* (2017), doi:10.3934/dcdsb.2017133; Foster and Jelinčič, *On the convergence of adaptive
approximations for stochastic differential equations* (2023), doi:10.48550/arXiv.2311.14201.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.core import tree
from nde.core.types import BoolScalar, IntScalar, RealScalar
from nde.paths.brownian.bridge import Parts, split

DEPTH = 64
"""Most ends remembered: steps rejected one inside the other. More would be shorter than time can tell apart."""


class Middle(eqx.Module):
    """The middle of a step, where its path was seen too.

    Attributes:
        time: The middle.
        first: The increment up to it.
        second: The increment from it.
    """

    time: Float[Array, ""]
    first: Parts
    second: Parts


class Memory(eqx.Module):
    """Ends of rejected steps.

    Attributes:
        draws: How often numbers were drawn.
        height: How many ends are remembered.
        ends: Their times, of shape `(DEPTH + 1,)`; the last row is scratch.
        parts: The increments from each end's predecessor (for the last one, from where the solve is) to it.
    """

    draws: IntScalar
    height: IntScalar
    ends: Float[Array, " depth"]
    parts: Parts

    @staticmethod
    def empty(t: Float[Array, ""], parts: Parts) -> "Memory":
        """Nothing remembered, of increments of such shapes."""
        zero = jnp.asarray(0, jnp.int32)
        return Memory(zero, zero, jnp.full((DEPTH + 1,), jnp.inf, t.dtype), tree.empty_rows(DEPTH + 1, parts))

    def max_step(self, t: Float[Array, ""]) -> Float[Array, ""]:
        """How long the next step may be: up to the nearest end; nothing if no further end can be remembered."""
        nearest, _ = self.nearest()
        length = jnp.where(self.height == 0, jnp.inf, jnp.abs(nearest - t))
        return jnp.where(self.height >= DEPTH - 1, 0, length)

    def halved(self, condition: BoolScalar, middle: Middle) -> "Memory":
        """Where the condition holds, the same with the middle of a step remembered before the nearest end."""
        nearest = jnp.where(condition, self.height - 1, DEPTH)
        slot = jnp.where(condition, self.height, DEPTH)
        parts = tree.set_row(self.parts, nearest, middle.second)
        return Memory(
            draws=self.draws,
            height=self.height + condition.astype(self.height.dtype),
            ends=self.ends.at[slot].set(middle.time),
            parts=tree.set_row(parts, slot, middle.first),
        )

    def nearest(self) -> tuple[Float[Array, ""], Parts]:
        """The next end and the increment up to it; of no meaning if there is none."""
        last = jnp.maximum(self.height - 1, 0)
        return self.ends[last], tree.row(self.parts, last)


class AttemptedStep(eqx.Module):
    """A step that was asked for, and what is remembered if it is accepted or not.

    Attributes:
        memory: As before the step.
        end: The end of the step.
        parts: The increment over the step.
        rest: That from its end to the nearest end remembered.
        fresh: Whether nothing was remembered.
        whole: Whether the step goes just up to the nearest end remembered.
        middle: Its middle, if that was seen too.
    """

    memory: Memory
    end: Float[Array, ""]
    parts: Parts
    rest: Parts
    fresh: BoolScalar
    whole: BoolScalar
    middle: Middle | None = None

    def commit(self, accepted: BoolScalar) -> Memory:
        """The memory after the step was accepted or rejected."""
        memory = self.memory
        inside = ~self.fresh & ~self.whole
        last = jnp.where(inside, memory.height - 1, DEPTH)
        parts = tree.set_row(memory.parts, last, self.rest)
        grows = ~accepted & ~self.whole
        slot = jnp.where(grows, memory.height, DEPTH)
        shrinks = accepted & self.whole
        settled = Memory(
            draws=memory.draws + 1,
            height=memory.height + grows.astype(jnp.int32) - shrinks.astype(jnp.int32),
            ends=memory.ends.at[slot].set(self.end),
            parts=tree.set_row(parts, slot, self.parts),
        )
        return settled if self.middle is None else settled.halved(~accepted, self.middle)


def attempt_step(memory: Memory, t: Float[Array, ""], h: RealScalar, fresh_parts: Parts, noise: Parts) -> AttemptedStep:
    """The increment over a step from `t` to `t + h`, given what is remembered.

    Args:
        memory: What is remembered.
        t: Start of the step, where the solve is.
        h: Its length; negative when walking backward.
        fresh_parts: The increment if nothing is remembered.
        noise: Standard normal numbers for the bridge, used only if something is remembered.
    """
    nearest, known = memory.nearest()
    fresh = memory.height == 0
    left = jnp.where(fresh, jnp.inf, jnp.abs(nearest - t))
    rounding = 8 * jnp.finfo(t.dtype).eps * (jnp.abs(t) + jnp.abs(h))
    whole = ~fresh & (jnp.abs(h) >= left - rounding)
    inside = ~fresh & ~whole
    share = jnp.where(inside, jnp.abs(h) / jnp.where(inside, left, 1), 0.5)
    first, rest = split(jnp.where(inside, left, 1), known, share, noise)
    parts = tree.where(fresh, fresh_parts, tree.where(whole, known, first))
    return AttemptedStep(memory, jnp.asarray(t + h, t.dtype), parts, rest, fresh, whole)
