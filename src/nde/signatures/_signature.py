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
"""Points of a path, or increments between them, as passed by the user, of shape `(*batch, length, channels)`."""

UNROLL = 4  # steps of the loop over time in one iteration; more take longer to compile and run no faster


def signature(xs: Points, depth: int, *, stream: bool = False) -> Float[Array, "..."]:
    """Truncated signature of piecewise linear paths: their iterated integrals up to a level.

    `S_{i1 ... ik} = ∫_{t1 < ... < tk} dx_{i1}(t1) ... dx_{ik}(tk)`. The signature is invariant to reparameterization
    and translation. If speed or starting point matter, add time as a channel, or the starting point as a first
    increment (see `signature_of_increments`).

    Args:
        xs: Points of shape `(*batch, length, channels)`.
        depth: The highest level, 1 or more.
        stream: Whether to return the signature of every prefix of the path, one for each point after the first.

    Returns:
        Levels 1 to `depth`, concatenated, with words in lexicographic order: `channels + channels^2 + ...` terms, of
        shape `(*batch, terms)`, or `(*batch, length - 1, terms)` with `stream`. Level 0, which is always 1, is left
        out. A missing value (`nan`) makes everything after it `nan`.

    Raises:
        ValueError: If `xs` has no time axis, or the depth is less than one.

    Source: Chen (1954), doi:10.1112/plms/s3-4.1.502; Horner's rule for one step: Kidger and Lyons (2021), *Signatory*,
    doi:10.48550/arXiv.2001.00706.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.signatures import signature

        corner = jnp.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
        print(signature(corner, depth=2))
        ```
    """
    return signature_of_increments(increments_of("signature", xs), depth, stream=stream)


def signature_of_increments(dxs: Points, depth: int, *, stream: bool = False) -> Float[Array, "..."]:
    """Truncated signature of piecewise linear paths given by their increments.

    To include the starting point, make it the first increment: `jnp.concatenate([xs[:1], jnp.diff(xs, axis=0)])`. Zero
    increments change nothing, so series of different lengths can be padded with them.

    Args:
        dxs: Increments of shape `(*batch, steps, channels)`.
        depth: The highest level, 1 or more.
        stream: Whether to return the signature after each step.

    Returns:
        As for `signature`, of shape `(*batch, terms)`, or `(*batch, steps, terms)` with `stream`.

    Raises:
        ValueError: If `dxs` has no time axis, or the depth is less than one.

    Source: As for `signature`.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.signatures import signature_of_increments

        print(signature_of_increments(jnp.array([[1.0, 0.0], [0.0, 1.0]]), depth=2))
        ```
    """
    return each_path("signature_of_increments", join, dxs, depth, stream)


def increments_of(name: str, xs: Points) -> Float[Array, "*batch steps channels"]:
    """The increments between points."""
    xs = jnp.asarray(xs)
    if xs.ndim < 2 or xs.shape[-2] < 1:
        raise ValueError(
            f"`{name}` got points of shape {xs.shape}; expected `(*batch, length, channels)` with at least one point. "
            "For a path with one channel, pass `xs[:, None]`."
        )
    return jnp.diff(xs, axis=-2)


def each_path(
    name: str,
    flatten: Callable[[Levels], Float[Array, " numbers"]],
    dxs: Points,
    depth: int,
    stream: bool,
) -> Float[Array, "..."]:
    """Apply a function to the signature of each path of a batch, or of each prefix of each path.

    Args:
        name: Name of the public function, for error messages.
        flatten: Converts the levels to one array; pass the same function object each time, to compile once.
        dxs: The increments.
        depth: The highest level.
        stream: Whether to apply it after each step.
    """
    dxs = jnp.asarray(dxs)
    if dxs.ndim < 2:
        raise ValueError(f"`{name}` got increments of shape {dxs.shape}; expected `(*batch, steps, channels)`.")
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
    """All levels at the end. No other level needs the highest one, which is a single matrix product over all steps."""
    if depth == 1:
        return (jnp.sum(steps, axis=0),)

    # For a gradient, recomputing the intermediates of a step is cheaper than storing them.
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
    """The levels after one more step."""
    first, *others = levels
    return (first + dx, *(level + outer(_before(levels, dx, k), dx) for k, level in enumerate(others, start=2)))


def _before(levels: Levels, dx: Float[Array, " channels"], k: int) -> Float[Array, "..."]:
    """What a step multiplies from the right to update level `k`: `sum_{j < k} S_j (x) dx^(k - 1 - j) / (k - j)!`."""
    total = levels[0] + dx / k
    for j in range(2, k):
        total = levels[j - 1] + outer(total, dx / (k - j + 1))
    return total
