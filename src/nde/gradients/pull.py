"""Pull-backs inside a solve's own reverse mode, in which lanes may share what derivatives are wanted of."""

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from nde.gradients.levels import Level


def vjp(
    levels: Sequence[Level],
    fn: Callable[[PyTree[Any], PyTree[Any], PyTree[Any]], PyTree[Any]],
    varying: PyTree[Any],
    moving: PyTree[Any],
    fixed: PyTree[Any],
) -> tuple[PyTree[Any], Callable[[PyTree[Any]], tuple[PyTree[Any], PyTree[Any]]]]:
    """The value of `fn(varying, moving, fixed)`, and its pull-back to `varying` and `moving`.

    Where lanes share a leaf of `varying` its cotangent is the sum of theirs, by one product of matrices instead of one
    for each lane.

    Args:
        levels: The lanes of each surrounding `jax.vmap` that sums, the innermost first.
        fn: Captures no array.
        varying: What lanes may share.
        moving: What each lane has for itself.
        fixed: What no derivative is wanted of.
    """
    if not levels:
        return jax.vjp(lambda varying, moving: fn(varying, moving, fixed), varying, moving)
    leaves, structure = jax.tree.flatten(varying)
    (own, rest), static = eqx.partition((moving, fixed), eqx.is_array)

    def values(leaves: Sequence[Array], moving: PyTree[Any], fixed: PyTree[Any]) -> PyTree[Any]:
        return fn(jax.tree.unflatten(structure, leaves), *eqx.combine((moving, fixed), static))

    def pull(cotangent: PyTree[Any]) -> tuple[PyTree[Any], PyTree[Any]]:
        given = eqx.filter(cotangent, eqx.is_inexact_array)
        change, further = _pull_shared(levels, values, leaves, own, rest, given)
        return jax.tree.unflatten(structure, change), fill_cotangents(further, moving)

    # What the pull-back computes again of the value, XLA finds to be the same.
    return fn(varying, moving, fixed), pull


def _pull_shared(
    levels: Sequence[Level],
    fn: Callable[..., PyTree[Any]],
    leaves: list[Array],
    moving: PyTree[Any],
    fixed: PyTree[Any],
    cotangent: PyTree[Any],
) -> tuple[list[Array], PyTree[Any]]:
    def alone(
        leaves: list[Array], moving: PyTree[Any], fixed: PyTree[Any], cotangent: PyTree[Any]
    ) -> tuple[list[Array], PyTree[Any]]:
        made, pull = jax.vjp(lambda leaves, moving: fn(leaves, moving, fixed), leaves, moving)
        return eqx.filter(pull(fill_cotangents(cotangent, made)), lambda x: x.dtype != jax.dtypes.float0)

    if not levels:
        return alone(leaves, moving, fixed, cotangent)
    (level, *outer), lanes = levels, levels[0].lanes
    together = jax.custom_batching.custom_vmap(lambda _, *args: alone(*args))

    @together.def_vmap
    def _(
        _: int,
        batched: Any,
        number: Array,
        leaves: list[Array],
        moving: PyTree[Any],
        fixed: PyTree[Any],
        cotangent: PyTree[Any],
    ) -> Any:
        del number
        shared, *own, given = batched[1:]
        assert not any(b and not d for b, d in zip(shared, lanes.differs, strict=True))
        spread = [x if b or not d else lanes.spread(x) for x, b, d in zip(leaves, shared, lanes.differs, strict=True)]
        moving, cotangent = (
            jax.tree.map(lambda x, b: x if b else lanes.spread(x), x, b)
            for x, b in ((moving, own[0]), (cotangent, given))
        )
        axes = [0 if d else None for d in lanes.differs], 0, jax.tree.map(lambda b: 0 if b else None, own[1])
        change, further = _pull_shared(outer, lanes.map(fn, axes), spread, moving, fixed, cotangent)
        return (change, further), (list(lanes.differs), jax.tree.map(lambda _: True, further))

    return together(level.number, leaves, moving, fixed, cotangent)


def fill_cotangents(
    given: PyTree[Any], like: PyTree[Any], change: Callable[[Array, Array], Array] | None = None
) -> Any:
    """Cotangents for values like these: zero where none is given, else as given, or as `change(given, value)` says."""

    def leaf(x: Array | None, g: Array | None) -> Any:
        if x is None:
            return None
        if not jnp.issubdtype(x.dtype, jnp.inexact):
            return np.zeros(x.shape, jax.dtypes.float0)
        if g is None:
            return jnp.zeros_like(x)
        return g if change is None else change(g, x)

    return jax.tree.map(leaf, like, given, is_leaf=lambda x: x is None)
