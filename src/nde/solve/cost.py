"""How much a vector field costs, read off its program."""

import math
from collections.abc import Iterator
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr

from nde.core.types import Args, Time, Y
from nde.terms import AbstractTerm

_CHEAP = 2_000
"""Operations up to which a stage is cheaper to compute again than to write out in the loop (see docs/decisions)."""


def is_costly(term: AbstractTerm, t: Time, y: Y, args: Args) -> bool:
    """Whether one evaluation of the vector field takes many operations."""
    closed = jax.make_jaxpr(lambda t, y: term.vf(t, y, args))(t, y)
    return operations(closed.jaxpr) > _CHEAP


def is_elementwise(term: AbstractTerm, t: Time, y: Y, args: Args) -> bool:
    """Whether an evaluation of the vector field can be part of a larger kernel: it has no products and no loops."""
    closed = jax.make_jaxpr(lambda t, y: term.vf(t, y, args))(t, y)
    return not any(name in _APART for name in _names(closed.jaxpr))


_APART = frozenset({"dot_general", "conv_general_dilated", "while", "scan", "cond", "sort", "gather", "scatter"})


def _names(jaxpr: Jaxpr) -> Iterator[str]:
    for eqn in jaxpr.eqns:
        yield eqn.primitive.name
        for p in eqn.params.values():
            if isinstance(p, ClosedJaxpr | Jaxpr):
                yield from _names(p.jaxpr if isinstance(p, ClosedJaxpr) else p)


def operations(jaxpr: Jaxpr) -> float:
    """About how many arithmetic operations a program takes; loops of unknown length count as endless."""
    return sum(_operations_of(eqn) for eqn in jaxpr.eqns)


def _operations_of(eqn: Any) -> float:
    name = eqn.primitive.name
    inner = [p for p in eqn.params.values() if isinstance(p, ClosedJaxpr | Jaxpr)]
    if name == "while" or name.startswith("custom_call"):
        return math.inf
    if inner:
        once = sum(operations(p.jaxpr if isinstance(p, ClosedJaxpr) else p) for p in inner)
        return once * eqn.params.get("length", 1)
    size = sum(math.prod(v.aval.shape) for v in eqn.outvars if hasattr(v.aval, "shape"))
    if name == "dot_general":
        (contracted, _), _ = eqn.params["dimension_numbers"]
        shape = eqn.invars[0].aval.shape
        return 2 * size * math.prod(shape[axis] for axis in contracted)
    if name == "conv_general_dilated":
        return 2 * size * math.prod(eqn.invars[1].aval.shape)
    return size
