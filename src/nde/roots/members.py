"""Pytrees as matrices: one row for each member of a batch."""

import functools
import itertools
import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.core.tree import common_dtype
from nde.core.types import IntScalar

Rows = Float[Array, "members numbers"]
"""All numbers of a pytree as real ones, a row for each member."""

OfMembers = Float[Array, " members"]
"""A number for each member."""

Vectors = Float[Array, "members vectors numbers"]
"""Some vectors of each member. Members come first: on a CPU their products are then twenty times as fast."""

Coefficients = Float[Array, "members vectors"]
"""A number for each vector of each member."""


class Members(eqx.Module):
    """How a pytree is a matrix, and a matrix such a pytree.

    The iterations know nothing but rows. Members share the steps of a loop, and each stops by itself; a pytree that is
    no batch is its only member. A complex number is two real ones.

    Attributes:
        shapes: Of the leaves.
        structure: Of the pytree.
        batched: Whether the first axis of each leaf counts members.
    """

    shapes: tuple[jax.ShapeDtypeStruct, ...] = eqx.field(static=True)
    structure: Any = eqx.field(static=True)
    batched: bool = eqx.field(static=True)

    @classmethod
    def of(cls, x: PyTree[Array], batched: bool) -> "Members":
        """Those of a pytree of real or complex arrays."""
        leaves, structure = jax.tree.flatten(x)
        return cls(tuple(jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves), structure, batched)

    @property
    def dtype(self) -> Any:
        """That of the rows."""
        return common_dtype(*[jnp.finfo(shape.dtype).dtype for shape in self.shapes])

    @property
    def count(self) -> int:
        """How many members there are."""
        return self.shapes[0].shape[0] if self.batched else 1

    def rows(self, x: PyTree[Array]) -> Rows:
        """The matrix of a pytree."""
        return jnp.concatenate([self._numbers(leaf) for leaf in jax.tree.leaves(x)], axis=1)

    def tree(self, rows: Rows) -> PyTree[Array]:
        """The pytree of a matrix."""
        ends = list(itertools.accumulate(self._width(shape) for shape in self.shapes))
        parts = jnp.split(rows, ends[:-1], axis=1)
        leaves = [self._leaf(part, shape) for part, shape in zip(parts, self.shapes, strict=True)]
        return jax.tree.unflatten(self.structure, leaves)

    def each(self, x: PyTree[Array]) -> PyTree[Array]:
        """What has a first axis of members, without it if there is no batch."""
        return x if self.batched else jax.tree.map(lambda leaf: leaf[0], x)

    def _width(self, shape: jax.ShapeDtypeStruct) -> int:
        parts = 2 if jnp.issubdtype(shape.dtype, jnp.complexfloating) else 1
        return parts * math.prod(shape.shape[1:] if self.batched else shape.shape)

    def _numbers(self, leaf: Array) -> Rows:
        parts = [leaf.real, leaf.imag] if jnp.iscomplexobj(leaf) else [leaf]
        rows = [part.reshape(self.count, -1).astype(self.dtype) for part in parts]
        return jnp.concatenate(rows, axis=1) if len(rows) > 1 else rows[0]

    def _leaf(self, part: Rows, shape: jax.ShapeDtypeStruct) -> Array:
        if not jnp.issubdtype(shape.dtype, jnp.complexfloating):
            return part.reshape(shape.shape).astype(shape.dtype)
        parts = [half.reshape(shape.shape).astype(jnp.finfo(shape.dtype).dtype) for half in jnp.split(part, 2, axis=1)]
        return jax.lax.complex(*parts)


def norm_of(rows: Rows) -> OfMembers:
    """The root mean square of each row."""
    return jnp.sqrt(jnp.mean(rows * rows, axis=1))


def dot(a: Rows, b: Rows) -> OfMembers:
    """The inner products of rows."""
    return jnp.sum(a * b, axis=1)


def where_member(condition: Array, new: PyTree[Array], old: PyTree[Array]) -> PyTree[Array]:
    """The rows of `new` for members of which the condition holds, otherwise those of `old`."""
    return jax.tree.map(functools.partial(_where, condition), new, old)


def _where(condition: Array, new: Array, old: Array) -> Array:
    return jnp.where(jnp.expand_dims(condition, range(1, new.ndim)), new, old)


def put(vectors: Vectors, rows: Rows, slot: IntScalar) -> Vectors:
    """The vectors with another one in a slot."""
    return jax.lax.dynamic_update_index_in_dim(vectors, rows, slot, 1)


def put_number(numbers: Coefficients, number: OfMembers, slot: IntScalar) -> Coefficients:
    """The numbers with another one in a slot."""
    return jax.lax.dynamic_update_index_in_dim(numbers, number, slot, 1)


def products(vectors: Vectors, rows: Rows) -> Coefficients:
    """The inner products of each vector with the row of its member."""
    return jnp.einsum("mkn,mn->mk", vectors, rows)


def combination(coefficients: Coefficients, vectors: Vectors) -> Rows:
    """The sum of the vectors of each member, times their coefficients."""
    return jnp.einsum("mk,mkn->mn", coefficients, vectors)
