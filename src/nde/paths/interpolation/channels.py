"""Channels of many series side by side, some series after the other."""

import math
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

LANES = 512
"""Channels that go from time to time together: their arrays stay near a processor with caches."""

Sweep = Callable[..., PyTree[Array]]


def side_by_side(sweep: Sweep) -> Sweep:
    """The same function, of which a `vmap` over series lays their channels side by side, a block of series at a time.

    A plain `vmap` would go from time to time through all series at once, in vectors as short as one has channels. On an
    accelerator all series run together. The derivative is that of the function itself, batched as JAX does it:
    the rule of a `vmap` alone would have no reverse mode.

    Args:
        sweep: Takes times, a series and rows of it to arrays with a leading axis; no channel looks at another, and all
            are in the last axis. What is returned takes channels of any shape.
    """

    @jax.custom_batching.custom_vmap
    def batched(ts: Array, *rows: Array) -> PyTree[Array]:
        return sweep(ts, *rows)

    @batched.def_vmap
    def _(series: int, axes: Sequence[bool], ts: Array, *rows: Array) -> tuple[PyTree[Array], PyTree[bool]]:
        if axes[0]:
            out = jax.vmap(sweep, in_axes=tuple(0 if axis else None for axis in axes))(ts, *rows)
        else:
            rows = tuple(
                row if axis else jnp.broadcast_to(row, (series, *row.shape))
                for row, axis in zip(rows, axes[1:], strict=True)
            )
            out = _in_blocks(sweep, ts, rows)
        return out, jax.tree.map(lambda _: True, out)

    @jax.custom_jvp
    def differentiable(ts: Array, *rows: Array) -> PyTree[Array]:
        return batched(ts, *rows)

    @differentiable.defjvp
    def _(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[PyTree[Array], PyTree[Array]]:
        # The values come from the rule of `vmap` here too: JAX takes the batch axis from them, and where a `jit` lies
        # between the `vmap` and the derivative it does not notice that `sweep` would have another.
        return differentiable(*primals), jax.jvp(sweep, primals, tangents)[1]

    def with_channels(ts: Array, ys: Array, *rows: Array) -> PyTree[Array]:
        if jnp.iscomplexobj(ys):
            out = with_channels(ts, *(_parts(x) for x in (ys, *rows)))
            return jax.tree.map(lambda x: jax.lax.complex(x[..., 0], x[..., 1]), out)
        channels = ys.shape[1:]
        lanes = math.prod(channels)
        out = differentiable(ts, ys.reshape(ys.shape[0], lanes), *(row.reshape(lanes) for row in rows))
        return jax.tree.map(lambda x: x.reshape(x.shape[0], *channels), out)

    return with_channels


def _parts(x: Array) -> Array:
    """A complex number as two channels, missing both if one is."""
    x = jnp.where(jnp.isnan(x), jnp.asarray(complex(jnp.nan, jnp.nan), x.dtype), x)
    return jnp.stack([x.real, x.imag], axis=-1)


def _in_blocks(sweep: Sweep, ts: Array, rows: tuple[Array, ...]) -> PyTree[Array]:
    """Blocks of equal size, of which the last one begins earlier if it must: what is computed twice is the same."""
    series, lanes = rows[0].shape[0], rows[0].shape[-1]
    size = min(series, max(1, LANES // max(1, lanes))) if jax.default_backend() == "cpu" else series

    def block(start: int | Array) -> PyTree[Array]:
        some = [jax.lax.dynamic_slice_in_dim(row, start, size) for row in rows]
        out = sweep(ts, *[jnp.moveaxis(x, 0, -2).reshape(*x.shape[1:-1], size * lanes) for x in some])
        return jax.tree.map(lambda x: jnp.moveaxis(x.reshape(*x.shape[:-1], size, lanes), -2, 0), out)

    if size == series:
        return block(0)

    def write(number: int | Array, out: PyTree[Array]) -> PyTree[Array]:
        start = jnp.minimum(number * size, series - size)
        put = jax.lax.dynamic_update_slice_in_dim
        return jax.tree.map(lambda all_, some: put(all_, some, start, 0), out, block(start))

    shapes = jax.eval_shape(block, 0)
    empty = jax.tree.map(lambda x: jnp.zeros((series, *x.shape[1:]), x.dtype), shapes)
    return jax.lax.fori_loop(0, -(-series // size), write, empty)
