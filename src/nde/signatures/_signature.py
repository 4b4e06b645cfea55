"""The truncated signature of piecewise linear paths."""

import functools
from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real

from nde.core.tree import common_dtype
from nde.signatures.dimension import check_sizes
from nde.signatures.levels import Levels, join, outer

Points: TypeAlias = Real[Array | np.ndarray, "..."]
"""Points of a path, or steps between them, as a user gives them, of shape `(*batch, length, channels)`."""

UNROLL = 4  # steps of the loop over time in one iteration: more compile longer and run no faster


def signature(xs: Points, depth: int, *, stream: bool = False) -> Float[Array, "..."]:
    """The signature of the straight lines through points, up to a level: its iterated integrals.

    `S_{i1 ... ik} = ∫_{t1 < ... < tk} dx_{i1}(t1) ... dx_{ik}(tk)`. It does not see how fast the path is walked, nor
    where it starts; time or a starting point that matter are to be channels or a first increment.

    Args:
        xs: Points of shape `(*batch, length, channels)`.
        depth: The highest level, 1 or more.
        stream: Whether to return the signatures of all parts from the first point to each later one.

    Returns:
        Levels 1 to `depth`, one after the other, words in lexicographic order, `channels + channels^2 + ...` numbers:
        of shape `(*batch, numbers)`, or with `stream` `(*batch, length - 1, numbers)`. Level 0, which is 1, is left
        out. A missing value (`nan`) makes everything that comes after it `nan`.

    Raises:
        ValueError: If `xs` has no axis of time, or the depth is less than one.

    Source: Chen (1954), doi:10.1112/plms/s3-4.1.502; Horner's rule for a step: Kidger and Lyons (2021), *Signatory*,
    doi:10.48550/arXiv.2001.00706.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        corner = jnp.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
        print(nde.signatures.signature(corner, depth=2))
        ```
    """
    return signature_of_increments(increments_of("signature", xs), depth, stream=stream)


def signature_of_increments(dxs: Points, depth: int, *, stream: bool = False) -> Float[Array, "..."]:
    """The signature of a path that is given by its steps, each a straight line.

    A starting point becomes a first step: `jnp.concatenate([xs[:1], jnp.diff(xs, axis=0)])`. Steps of zero change
    nothing, so that series of several lengths are filled up with them.

    Args:
        dxs: Steps of shape `(*batch, steps, channels)`.
        depth: The highest level, 1 or more.
        stream: Whether to return the signature after each step.

    Returns:
        As of `nde.signatures.signature`, of shape `(*batch, numbers)`, or with `stream` `(*batch, steps, numbers)`.

    Raises:
        ValueError: If `dxs` has no axis of time, or the depth is less than one.

    Source: as of `nde.signatures.signature`.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        print(nde.signatures.signature_of_increments(jnp.array([[1.0, 0.0], [0.0, 1.0]]), depth=2))
        ```
    """
    return each_path("signature_of_increments", join, dxs, depth, stream)


def increments_of(name: str, xs: Points) -> Float[Array, "*batch steps channels"]:
    """The steps between points."""
    xs = jnp.asarray(xs)
    if xs.ndim < 2 or xs.shape[-2] < 1:
        raise ValueError(
            f"`{name}` got points of shape {xs.shape}; it wants `(*batch, length, channels)`, with one point or more. "
            "A path of one channel is `xs[:, None]`."
        )
    return jnp.diff(xs, axis=-2)


def each_path(
    name: str,
    flatten: Callable[[Levels], Float[Array, " numbers"]],
    dxs: Points,
    depth: int,
    stream: bool,
) -> Float[Array, "..."]:
    """A function of the levels of a signature, for each path of a batch, and with `stream` for each of its parts.

    Args:
        name: Of the function that asks, for the message.
        flatten: Makes one array of levels; the same function each time, for it is compiled for.
        dxs: The steps.
        depth: The highest level.
        stream: Whether for the signature after each step.
    """
    dxs = jnp.asarray(dxs)
    if dxs.ndim < 2:
        raise ValueError(f"`{name}` got steps of shape {dxs.shape}; it wants `(*batch, steps, channels)`.")
    check_sizes(name, dxs.shape[-1], depth)
    return _each_path(flatten, jnp.asarray(dxs, common_dtype(dxs, float)), depth, stream)


@functools.partial(jax.jit, static_argnames=("flatten", "depth", "stream"))
def _each_path(
    flatten: Callable[[Levels], Float[Array, " numbers"]],
    dxs: Float[Array, "*batch steps channels"],
    depth: int,
    stream: bool,
) -> Float[Array, "..."]:
    def one(steps: Float[Array, "steps channels"]) -> Float[Array, "..."]:
        return jax.vmap(flatten)(_walked(steps, depth)) if stream else flatten(_total(steps, depth))

    return jnp.vectorize(one, signature="(t,c)->(t,n)" if stream else "(t,c)->(n)")(dxs)


def _total(steps: Float[Array, "steps channels"], depth: int) -> Levels:
    """All levels at the end; the highest, which no other needs, is one matrix product over all steps."""
    if depth == 1:
        return (jnp.sum(steps, axis=0),)

    # what a step computes is cheaper to compute again for a gradient than to keep
    @jax.checkpoint
    def body(levels: Levels, dx: Float[Array, " channels"]) -> tuple[Levels, Array]:
        return _stepped(levels, dx), _before(levels, dx, depth)

    lower, before = jax.lax.scan(body, _start(steps, depth - 1), steps, unroll=UNROLL)
    return (*lower, jnp.tensordot(before, steps, axes=(0, 0), precision="highest"))


def _walked(steps: Float[Array, "steps channels"], depth: int) -> Levels:
    """All levels after each step."""

    @jax.checkpoint
    def body(levels: Levels, dx: Float[Array, " channels"]) -> tuple[Levels, Levels]:
        stepped = _stepped(levels, dx)
        return stepped, stepped

    return jax.lax.scan(body, _start(steps, depth), steps, unroll=UNROLL)[1]


def _start(steps: Float[Array, "steps channels"], depth: int) -> Levels:
    return tuple(jnp.zeros((steps.shape[1],) * k, steps.dtype) for k in range(1, depth + 1))


def _stepped(levels: Levels, dx: Float[Array, " channels"]) -> Levels:
    """The levels after a step more."""
    first, *others = levels
    return (first + dx, *(level + outer(_before(levels, dx, k), dx) for k, level in enumerate(others, start=2)))


def _before(levels: Levels, dx: Float[Array, " channels"], k: int) -> Float[Array, "..."]:
    """What a step multiplies from the right to grow level `k`: `sum_{j < k} S_j (x) dx^(k - 1 - j) / (k - j)!`."""
    total = levels[0] + dx / k
    for j in range(2, k):
        total = levels[j - 1] + outer(total, dx / (k - j + 1))
    return total
