"""A function along the lanes of a `jax.vmap`, some of whose arguments all lanes share."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

Flat = Callable[..., Sequence[Any]]
"""A function from arrays to arrays."""

Found = tuple[list[Any], tuple[bool, ...]]
"""Results, and which of them differ between lanes."""


class Lanes(NamedTuple):
    """One `jax.vmap` around a function.

    Attributes:
        size: How many lanes there are.
        name: The name of the axis, if it has one.
        spmd_name: That of the mesh along which the lanes lie, if they do.
        differs: For each argument whether it differs from lane to lane, on its first axis.
    """

    size: int
    name: Any
    spmd_name: Any
    differs: tuple[bool, ...]

    def map(self, fn: Callable[..., Any], axes: Any) -> Callable[..., Any]:
        """The function for all lanes, whose results all have an axis of them."""
        named = {} if self.name is None else {"axis_name": self.name}
        return jax.vmap(fn, in_axes=axes, axis_size=self.size, spmd_axis_name=self.spmd_name, **named)

    def spread(self, x: Any) -> Array:
        """An array that all lanes share, once for each of them."""
        return jnp.broadcast_to(x, (self.size, *jnp.shape(x)))

    def run(self, fn: Callable[..., Sequence[Any]], args: Sequence[Any], differs: Sequence[bool]) -> Found:
        """The results of all lanes, and which of them differ; one that does not has no axis of lanes.

        Args:
            fn: Takes the number of its lane first.
            args: What it takes besides, for all lanes.
            differs: Which of these differ from lane to lane.
        """
        found: list[Any] = []
        differing: list[bool] = []

        @jax.custom_batching.custom_vmap
        def seen(number: Array, *results: Any) -> Array:
            del results
            return number

        @seen.def_vmap
        def _(_: int, batched: Sequence[bool], number: Array, *results: Any) -> tuple[Array, bool]:
            found[:], differing[:] = results, batched[1:]
            return number, True

        def lane(number: Array, *args: Any) -> Array:
            return seen(number, *fn(number, *args))

        axes = tuple(0 if differ else None for differ in (True, *differs))
        self.map(lane, axes)(jnp.arange(self.size), *args)
        return found, tuple(differing)


class Level(eqx.Module):
    """One `jax.vmap` around a function, seen from inside.

    Attributes:
        lanes: Its lanes.
        number: Which of them this is. The rule of a `custom_vmap` that takes it is that of this level and no other.
    """

    lanes: Lanes = eqx.field(static=True)
    number: Int[Array, ""]
