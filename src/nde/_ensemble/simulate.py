"""A chunk of paths, on all devices."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec
from jaxtyping import Array, Bool, PyTree

from nde._ensemble.plan import AXIS, Plan
from nde.core.results import is_okay
from nde.core.tree import all_finite
from nde.solve import Solution

Sample = Callable[[Any], PyTree[Any]]
"""Takes a key to a `Solution`, or to a pytree of arrays."""


def shapes_of(sample: Sample, key: Any) -> PyTree[jax.ShapeDtypeStruct]:
    """The shapes of one sample."""
    return jax.eval_shape(lambda key: _values_and_success(sample(key))[0], key)


@eqx.filter_jit
def simulate(
    sample: Sample, key: Any, first: Array, left: Array, plan: Plan
) -> tuple[PyTree[Array], Bool[Array, " chunk"]]:
    """The samples of a chunk, and which of them count: those that are wanted, finite, and did not fail.

    The key of a path comes from `key` and the path's number alone. A device stops after the last block that is wanted.

    Args:
        sample: Takes a key to a `Solution` or a pytree of arrays.
        key: Of the whole ensemble.
        first: The number of the first path of the chunk.
        left: How many paths are wanted from there.
        plan: How the chunk is laid out.
    """
    arrays, static = eqx.partition(sample, eqx.is_array)

    def on_device(arrays: Any, key: Any, first: Array, left: Array) -> tuple[PyTree[Array], Bool[Array, " share"]]:
        path = _path_of(eqx.combine(arrays, static), key)
        begin = jax.lax.axis_index(AXIS) * plan.share
        lane = jnp.arange(plan.lanes, dtype=jnp.int32)

        def block(number: Array, store: PyTree[Array]) -> PyTree[Array]:
            at = begin + number * plan.lanes
            out = jax.vmap(path)(first + (at + lane).astype(jnp.uint32))
            return jax.tree.map(lambda s, x: jax.lax.dynamic_update_slice_in_dim(s, x, at - begin, 0), store, out)

        blocks = jnp.clip(-((begin - left) // plan.lanes), 0, plan.blocks)
        shape = jax.eval_shape(path, first)
        store = jax.tree.map(lambda x: jnp.zeros((plan.share, *x.shape), x.dtype), shape)
        ys, fine = jax.lax.fori_loop(0, blocks, block, store)
        return ys, fine & (begin + jnp.arange(plan.share, dtype=jnp.int32) < left)

    whole, parts = PartitionSpec(), PartitionSpec(AXIS)
    run = jax.shard_map(
        on_device,
        mesh=plan.mesh,
        in_specs=(whole, whole, whole, whole),
        out_specs=(parts, parts),
        check_vma=False,  # the loops of a solve start from constants, which JAX would take for equal on all devices
    )
    return run(arrays, key, first, left)


def _path_of(sample: Sample, key: Any) -> Callable[[Array], tuple[PyTree[Array], Array]]:
    return lambda number: _values_and_success(sample(jax.random.fold_in(key, number)))


def _values_and_success(out: Any) -> tuple[PyTree[Array], Array]:
    """The values, and whether they count: the last of a solve that failed may well be finite."""
    ys, fine = (out.ys, is_okay(out.result)) if isinstance(out, Solution) else (out, True)
    ys = jax.tree.map(jnp.asarray, ys)
    return ys, all_finite(ys) & fine
