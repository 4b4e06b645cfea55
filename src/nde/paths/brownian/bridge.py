"""Two neighbouring increments and the one that they make together.

An increment comes as its *parts* `(W,)`, `(W, H)` or `(W, H, K)`: independent normal numbers of the variances `h`,
`h/12` and `h/720`. Those of an interval are linear in those of its two pieces; with all parts divided by their
standard deviations that map has orthonormal rows. So the pieces are a rotation of the whole and of as many further
independent normal numbers: that is the bridge, and it needs neither a covariance nor its root.

Source of the areas: Foster, Lyons and Oberhauser (2020), doi:10.1137/19M1261912; the coefficients of the map follow
from their definitions as integrals.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Inexact, PyTree

from nde.core import tree
from nde.core.types import BoolScalar, RealScalar

Parts = tuple[PyTree[Any], ...]

VARIANCES = (1.0, 1 / 12, 1 / 720)
"""Those of the parts over an interval of length one."""


@jax.jit
def join(x: RealScalar, first: Parts, y: RealScalar, second: Parts) -> Parts:
    """The parts over an interval from those over its pieces of lengths `x` and `y`."""
    count, h = len(first), x + y
    safe = jnp.where(h > 0, h, 1)
    rows = _rows(jnp.where(h > 0, x / safe, 1.0), jnp.where(h > 0, y / safe, 0.0))
    chosen = [[*row[:count], *row[3 : 3 + count]] for row in rows[:count]]
    return tuple(_weighted(row, (*first, *second)) for row in chosen)


@jax.jit
def split(h: RealScalar, whole: Parts, a: RealScalar, noise: Parts) -> tuple[Parts, Parts]:
    """The parts over the first share `a` of an interval of length `h`, and over the rest, given those over the whole.

    Args:
        h: The length of the interval.
        whole: The parts over it.
        a: The share, strictly between 0 and 1.
        noise: As many standard normal trees as there are parts.
    """
    count, b = len(whole), 1 - a
    deviation = [jnp.sqrt(variance * h) for variance in VARIANCES[:count]]
    standard = [tree.scaled(part, 1 / jnp.where(d > 0, d, 1)) for part, d in zip(whole, deviation, strict=True)]
    pieces = _rotated(_orthonormal(a, b, count), [*standard, *noise])
    first = [tree.scaled(p, d * jnp.sqrt(a)) for p, d in zip(pieces[:count], deviation, strict=True)]
    second = [tree.scaled(p, d * jnp.sqrt(b)) for p, d in zip(pieces[count:], deviation, strict=True)]
    return tuple(first), tuple(second)


def reverse_where(condition: BoolScalar, parts: Parts) -> Parts:
    """Where the condition holds, the parts of the same path walked the other way."""
    sign = jnp.where(condition, -1.0, 1.0)
    return tuple(tree.scaled(part, by) for part, by in zip(parts, (sign, 1.0, sign), strict=False))


def _rows(a: Any, b: Any) -> list[list[Any]]:
    """`(W, H, K)` over an interval of length one, each by its weights of `(W, H, K)` over pieces of lengths a, b.

    With `I = ∫ W` and `J = ∫ r W` over a piece from its start: `I = h (H + W/2)` and `J = h^2 (H/2 + W/3 - K)`. Both
    add up over the pieces, the second with its start moved on.
    """
    w = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    area = [b / 2, a, 0.0, -a / 2, b, 0.0]
    moment = [a * a / 3 + a * b + b * b / 2, a * a / 2, -a * a, a * b / 2 + b * b / 3, a * b + b * b / 2, -b * b]
    k = [h / 2 + v / 3 - m for h, v, m in zip(area, w, moment, strict=True)]
    return [w, area, k]


def _orthonormal(a: Any, b: Any, count: int) -> list[list[Any]]:
    """The rows for parts divided by their standard deviations: each of length one, at right angles."""
    lengths = [a, b]
    columns = [(piece, part) for piece in range(2) for part in range(count)]
    return [
        [
            row[3 * piece + part] * jnp.sqrt(lengths[piece] * VARIANCES[part] / VARIANCES[level])
            for piece, part in columns
        ]
        for level, row in enumerate(_rows(a, b)[:count])
    ]


def _rotated(rows: list[list[Any]], given: list[PyTree[Any]]) -> list[PyTree[Any]]:
    """`Q x` for an orthogonal `Q` whose first columns are these rows: as a product of reflections.

    The reflections are those of Householder's decomposition of the rows, of scalars only.
    """
    count, size = len(rows), len(given)
    columns = [[jnp.asarray(v) for v in row] for row in rows]
    mirrors: list[list[Any]] = []
    signs: list[Any] = []
    for k in range(count):
        column = columns[k]
        for mirror in mirrors:
            column = _reflected(mirror, column)
        tail = column[k:]
        sign = jnp.where(tail[0] >= 0, 1.0, -1.0).astype(tail[0].dtype)
        norm = jnp.sqrt(sum(v * v for v in tail))
        ahead = [tail[0] + sign * norm, *tail[1:]]
        length = jnp.sqrt(sum(v * v for v in ahead))
        zero = jnp.zeros_like(tail[0])
        mirrors.append([*[zero] * k, *[v / length for v in ahead]])
        signs.append(-sign)
    moved = [tree.scaled(x, signs[i]) if i < count else x for i, x in enumerate(given)]
    for mirror in reversed(mirrors):
        along = _weighted(mirror, moved)
        moved = [
            x if i < 0 else jax.tree.map(lambda v, p, m=mirror[i]: v - 2 * m.astype(v.dtype) * p, x, along)
            for i, x in enumerate(moved)
        ]
    assert len(moved) == size
    return moved


def _reflected(mirror: list[Any], vector: list[Any]) -> list[Any]:
    along = sum(m * v for m, v in zip(mirror, vector, strict=True))
    return [v - 2 * m * along for m, v in zip(mirror, vector, strict=True)]


def _weighted(weights: list[Any], trees: tuple[PyTree[Any], ...] | list[PyTree[Any]]) -> PyTree[Inexact[Array, "..."]]:
    return tree.combine(1.0, weights, trees)
