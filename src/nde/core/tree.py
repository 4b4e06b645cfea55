"""Arithmetic on pytrees, leaf by leaf, in the precision of the leaf."""

from collections.abc import Sequence
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core.types import BoolScalar, RealScalar

T = TypeVar("T")


def real_dtype(x: Array) -> jnp.dtype:
    """The real floating dtype of the same precision: ``float32`` for ``complex64`` and so on."""
    return jnp.finfo(x.dtype).dtype


def add_scaled(y: PyTree, scale: RealScalar, weights: Sequence[RealScalar], slopes: Sequence[PyTree]) -> PyTree:
    """``y + scale * sum(weight * slope)``, leaf by leaf; zero weights cost nothing."""
    pairs = [(w, k) for w, k in zip(weights, slopes, strict=True) if not (isinstance(w, float | int) and w == 0)]
    if not pairs:
        return y
    chosen = [k for _, k in pairs]

    def leaf(y: Array, *ks: Array) -> Array:
        dtype = real_dtype(y)
        factor = jnp.asarray(scale, dtype)
        return y + sum(factor * jnp.asarray(w, dtype) * k for (w, _), k in zip(pairs, ks, strict=True))

    return jax.tree.map(leaf, y, *chosen)


def combine(scale: RealScalar, weights: Sequence[RealScalar], slopes: Sequence[PyTree]) -> PyTree:
    """``scale * sum(weight * slope)``, leaf by leaf."""
    zero = jax.tree.map(jnp.zeros_like, slopes[0])
    return add_scaled(zero, scale, weights, slopes)


def where(condition: BoolScalar, new: PyTree, old: PyTree) -> PyTree:
    """The leaves of `new` where the condition holds, otherwise those of `old`."""
    return jax.tree.map(lambda n, o: jnp.where(condition, n, o), new, old)


def add(a: PyTree, b: PyTree) -> PyTree:
    """The leafwise sum of two trees."""
    return jax.tree.map(jnp.add, a, b)


def constant(tree: T) -> T:
    """The tree with no derivative flowing through it."""
    return jax.tree.map(lambda x: jax.lax.stop_gradient(x) if eqx.is_inexact_array(x) else x, tree)


def zeros_like(tree: PyTree) -> PyTree:
    """A tree of zeros of the same shapes and dtypes."""
    return jax.tree.map(jnp.zeros_like, tree)


def all_finite(tree: PyTree) -> BoolScalar:
    """Whether every number of every leaf is finite."""
    finite = [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(tree)]
    return jnp.stack(finite).all() if len(finite) > 1 else (finite[0] if finite else jnp.array(True))


def row(tree: PyTree, index: RealScalar) -> PyTree:
    """One row of every leaf."""
    return jax.tree.map(lambda x: jax.lax.dynamic_index_in_dim(x, index, keepdims=False), tree)


def set_row(tree: PyTree, index: RealScalar, value: PyTree) -> PyTree:
    """Every leaf with one row replaced."""
    return jax.tree.map(lambda x, v: jax.lax.dynamic_update_index_in_dim(x, v, index, 0), tree, value)


def empty_rows(rows: int, tree: PyTree, fill: float = 0) -> PyTree:
    """A store of so many rows for arrays (or shapes) like those of `tree`."""
    return jax.tree.map(lambda x: jnp.full((rows, *x.shape), fill, x.dtype), tree)


def nbytes(tree: PyTree) -> int:
    """Bytes of all leaves (arrays or shapes)."""
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))
