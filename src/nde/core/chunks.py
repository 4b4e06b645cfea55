"""Many lanes of a `vmap`, some at a time."""

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

LANES = 128
"""Lanes run together on a processor with caches: enough to fill its vectors, few enough to stay near it."""


def in_chunks(fn: Callable[[Any], PyTree[Array]], inputs: Any) -> PyTree[Array]:
    """`fn(inputs)`, of which a `vmap` runs a chunk of lanes after the other where that is faster.

    The lanes of a loop run until the last of them is done, and all of their arrays pass through the caches in every
    iteration; a chunk waits only for its own, and its arrays stay. On an accelerator all lanes run together.

    Has no reverse mode: for use inside rules of differentiation. With tangents (of a Hessian, say) all lanes run
    together.

    Args:
        fn: Takes any pytree to a pytree of arrays.
        inputs: What it takes.
    """
    arrays, static = eqx.partition(inputs, eqx.is_array)

    def call(arrays: PyTree[Array]) -> PyTree[Array]:
        return fn(eqx.combine(arrays, static))

    wrapped = jax.custom_batching.custom_vmap(call)

    @wrapped.def_vmap
    def _(lanes: int, batched: Sequence[PyTree[bool]], arrays: PyTree[Array]) -> tuple[PyTree[Array], PyTree[bool]]:
        axes = jax.tree.map(lambda b: 0 if b else None, batched[0])
        run = jax.vmap(call, in_axes=(axes,))
        together = lanes <= LANES or jax.default_backend() != "cpu"
        out = run(arrays) if together else _one_after_the_other(run, lanes, batched[0], arrays)
        return out, jax.tree.map(lambda _: True, out)

    chunked = jax.custom_jvp(wrapped)  # `custom_vmap` itself does not take tangents that only some lanes have
    chunked.defjvp(lambda primals, tangents: jax.jvp(call, primals, tangents))
    return chunked(arrays)


def _one_after_the_other(
    run: Callable[[Any], PyTree[Array]], lanes: int, batched: PyTree[bool], arrays: PyTree[Array]
) -> PyTree[Array]:
    """Chunks of equal size; the last lane is repeated to fill the last of them."""
    chunks = -(-lanes // LANES)
    size = -(-lanes // chunks)
    varying, common = eqx.partition(arrays, batched)
    filled = jnp.minimum(jnp.arange(chunks * size), lanes - 1).reshape(chunks, size)
    out = jax.lax.map(lambda lane: run(eqx.combine(jax.tree.map(lambda x: x[lane], varying), common)), filled)
    return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:])[:lanes], out)
