"""Which interval of a grid of knots holds a time."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from nde.core.types import RealScalar


def interval(ts: Array, t: Any, left: bool, guess: Int[Array, "..."] | None = None) -> Int[Array, "..."]:
    """The number of the interval between two knots that holds each time; the first or last for a time outside.

    Tries a guess first and halves the rest of the grid until it is found: a right guess costs two comparisons,
    whatever the number of knots. Without one, it guesses as if the grid were uniform.

    Args:
        ts: The knots, of shape `(knots,)`, increasing.
        t: Times of any shape.
        left: At a knot, whether the interval that ends there is meant, or the one that starts there.
        guess: The interval to look at first.
    """
    ts, t = jax.lax.stop_gradient((ts, jnp.asarray(t)))
    last = ts.shape[0] - 2
    guess = jnp.clip(_as_if_uniform(ts, t) if guess is None else guess, 0, last)
    guess = jnp.broadcast_to(guess, t.shape)

    def passed(knot: Array) -> Array:
        return ts[knot] < t if left else ts[knot] <= t

    after, inside = passed(guess + 1), passed(guess)
    low = jnp.where(after, jnp.minimum(guess + 1, last), jnp.where(inside, guess, 0))
    high = jnp.where(after, last + 1, jnp.where(inside, guess + 1, jnp.maximum(guess, 1)))

    def halve(ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = (low + high) // 2
        beyond = passed(middle)
        return jnp.where(beyond, middle, low), jnp.where(beyond, high, jnp.maximum(middle, low + 1))

    return jax.lax.while_loop(lambda ends: jnp.any(ends[1] - ends[0] > 1), halve, (low, high))[0]


def intervals_of_step(
    ts: Array, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], guess: Int[Array, ""]
) -> tuple[Array, Int[Array, " nodes"]]:
    """The times inside a step, and the interval of each; those at its ends belong to intervals inside the step.

    Rounding cannot put a time into an interval that the step only touches.

    Args:
        ts: The knots.
        t: Start of the step.
        h: Its size, negative for a step backward.
        nodes: The times as fractions of the step.
        guess: The interval to look at first.
    """
    end = t + h
    blur = 4 * jnp.finfo(ts.dtype).eps * jnp.maximum(jnp.abs(t), jnp.abs(end))
    blur = jnp.sign(h) * jnp.minimum(blur, jnp.abs(h) / 4)
    times = t + h * jnp.asarray(nodes, ts.dtype)
    found = interval(ts, jnp.concatenate([jnp.stack([t + blur, end - blur]), times]), True, guess)
    low, high = jnp.minimum(found[0], found[1]), jnp.maximum(found[0], found[1])
    return times, jnp.clip(found[2:], low, high)


def _as_if_uniform(ts: Array, t: Array) -> Int[Array, "..."]:
    share = (t - ts[0]) / (ts[-1] - ts[0])
    known = jnp.where(jnp.isfinite(share), jnp.clip(share, 0, 1), 0)
    return jnp.floor(known * (ts.shape[0] - 1)).astype(jnp.int32)
