"""The drive of a step in two halves."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
from jaxtyping import PyTree

from nde.core.types import RealScalar

HALVES = "halves"
"""What a solver needs that takes a step in two halves, too: then each drive comes as `Halves`."""


class Halves(eqx.Module):
    """The drives of a step and of its halves.

    Attributes:
        whole: That of the whole step.
        first: That of the first half.
        second: That of the second.
    """

    whole: PyTree[Any]
    first: PyTree[Any]
    second: PyTree[Any]


def increments_over_step(
    increment: Callable[[RealScalar, RealScalar], PyTree[Any]], t: RealScalar, h: RealScalar, needs: frozenset[str]
) -> PyTree[Any]:
    """The drive of a step by a path that keeps no state: the increment over it, and those over its halves if wanted.

    Args:
        increment: The increment between two times.
        t: Start of the step.
        h: Its size.
        needs: What the solver needs.
    """
    if HALVES not in needs:
        return increment(t, t + h)
    middle = t + 0.5 * h
    return Halves(increment(t, t + h), increment(t, middle), increment(middle, t + h))


def whole_step(drive: PyTree[Any]) -> PyTree[Any]:
    """The drive of the whole step."""
    return _of_each(drive, lambda halves: halves.whole)


def first_half(drive: PyTree[Any]) -> PyTree[Any]:
    """The drive of the first half of a step."""
    return _of_each(drive, lambda halves: halves.first)


def second_half(drive: PyTree[Any]) -> PyTree[Any]:
    """The drive of the second half of a step."""
    return _of_each(drive, lambda halves: halves.second)


def _of_each(drive: PyTree[Any], part: Callable[[Halves], PyTree[Any]]) -> PyTree[Any]:
    return jax.tree.map(part, drive, is_leaf=lambda x: isinstance(x, Halves))
