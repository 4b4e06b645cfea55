"""Brownian motion on a binary tree, of which no node is stored: each is drawn again from its number when it is met.

The interval is divided into `2^depth` cells, as fine as floating point numbers tell times apart. A node of the tree is
an interval; it is halved by a bridge whose normal numbers belong to the node. An increment between two times starts
from the smallest node that holds both, so that short increments are not differences of long ones.

Source: Jelinčič, Foster and Kidger, *Single-seed generation of Brownian paths and integrals for adaptive and high order
SDE solvers* (2024), doi:10.48550/arXiv.2405.06464.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.core import tree
from nde.core.materialize import materialize
from nde.core.random import Seed, child
from nde.core.types import BoolScalar
from nde.paths.brownian.bridge import Parts, join, split

Noise = Callable[[Seed], Parts]


class Node(eqx.Module):
    """An interval of the tree, and the increment over it.

    Attributes:
        begin: Its first cell.
        size: How many cells it has, a power of two.
        number: One for the root; the halves of node `n` are `2 n` and `2 n + 1`.
        parts: The increment over it.
    """

    begin: Array
    size: Array
    number: Array
    parts: Parts

    @property
    def middle(self) -> Array:
        """The first cell of its second half."""
        return self.begin + self.size // 2

    @property
    def end(self) -> Array:
        """The cell behind its last."""
        return self.begin + self.size


class Dyadic(eqx.Module):
    """The tree over an interval of time.

    Attributes:
        seed: Of all nodes.
        noise: Draws standard normal numbers from the seed of a node.
        cell: The length of a cell.
        depth: How often the interval is halved.
    """

    seed: Seed
    noise: Noise
    cell: Float[Array, ""]
    depth: int = eqx.field(static=True)

    def increment(self, root: Parts, begin: Array, end: Array) -> Parts:
        """The increment from one cell to another that does not come before it, given that over the whole."""
        zero = jnp.zeros_like(begin)
        whole = Node(zero, zero + zero.dtype.type(1 << self.depth), zero + zero.dtype.type(1), root)

        def apart(node: Node) -> BoolScalar:
            exact = (node.begin == begin) & (node.end == end)
            return exact | ((begin < node.middle) & (node.middle < end)) | (begin >= end)

        def descend(node: Node) -> Node:
            return self._half(node, end > node.middle)

        node = jax.lax.while_loop(lambda n: ~apart(n), descend, whole)
        exact = (node.begin == begin) & (node.end == end)
        first, second = self._halves(node)
        both = join(
            self._length(first.end - begin),
            self._last(first, begin),
            self._length(end - second.begin),
            self._first(second, end),
        )
        found = tree.where(exact, node.parts, both)
        return tree.where(begin < end, found, tree.zeros_like(found))

    def _last(self, node: Node, begin: Array) -> Parts:
        """The increment over what of a node comes after a cell."""

        def step(carry: tuple[Node, Array, Parts]) -> tuple[Node, Array, Parts]:
            node, reached, parts = carry
            first, second = self._halves(node)
            inside = begin >= node.middle
            more = join(self._length(second.size), second.parts, self._length(reached), parts)
            return (
                tree.where(inside, second, first),
                jnp.where(inside, reached, reached + second.size),
                tree.where(inside, parts, more),
            )

        start = (node, jnp.zeros_like(node.begin), tree.zeros_like(node.parts))
        node, reached, parts = jax.lax.while_loop(lambda c: (begin > c[0].begin) & (begin < c[0].end), step, start)
        rest = join(self._length(node.size), node.parts, self._length(reached), parts)
        return tree.where(begin < node.end, rest, parts)

    def _first(self, node: Node, end: Array) -> Parts:
        """The increment over what of a node comes before a cell."""

        def step(carry: tuple[Node, Array, Parts]) -> tuple[Node, Array, Parts]:
            node, reached, parts = carry
            first, second = self._halves(node)
            inside = end <= node.middle
            more = join(self._length(reached), parts, self._length(first.size), first.parts)
            return (
                tree.where(inside, first, second),
                jnp.where(inside, reached, reached + first.size),
                tree.where(inside, parts, more),
            )

        start = (node, jnp.zeros_like(node.begin), tree.zeros_like(node.parts))
        node, reached, parts = jax.lax.while_loop(lambda c: (end < c[0].end) & (end > c[0].begin), step, start)
        rest = join(self._length(reached), parts, self._length(node.size), node.parts)
        return tree.where(end > node.begin, rest, parts)

    def _half(self, node: Node, second: BoolScalar) -> Node:
        first, last = self._halves(node)
        return tree.where(second, last, first)

    def _halves(self, node: Node) -> tuple[Node, Node]:
        seed = child(self.seed, _high(node.number), _low(node.number))
        noise = materialize(lambda: self.noise(seed), self.cell)
        first, second = split(self._length(node.size), node.parts, jnp.asarray(0.5, self.cell.dtype), noise)
        half = node.size // 2
        number = node.number * 2
        return (
            Node(node.begin, half, number, first),
            Node(node.begin + half, half, number + number.dtype.type(1), second),
        )

    def _length(self, cells: Any) -> Float[Array, ""]:
        return cells.astype(self.cell.dtype) * self.cell


def _high(number: Array) -> Array:
    wide = number.dtype.itemsize > 4
    return (number >> number.dtype.type(32)).astype(jnp.uint32) if wide else jnp.zeros_like(number)


def _low(number: Array) -> Array:
    return number.astype(jnp.uint32)
