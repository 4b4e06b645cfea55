"""How much a vector field costs, read off its program."""

import math
from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
from jax.extend.core import ClosedJaxpr, Jaxpr

from nde.core.types import Args, Time, Y
from nde.terms import AbstractTerm

_CHEAP = 2_000
"""Operations up to which a stage is cheaper to compute again than to write out in the loop (see docs/decisions)."""


def is_costly(term: AbstractTerm, t: Time, y: Y, args: Args) -> bool:
    """Whether one evaluation of the vector field takes many operations."""
    return operations(_program(term, t, y, args)) > _CHEAP


def is_elementwise(term: AbstractTerm, t: Time, y: Y, args: Args) -> bool:
    """Whether an evaluation of the vector field can be part of a larger kernel: it has no products and no loops."""
    return not any(name in _APART for name in _names(_program(term, t, y, args)))


def _program(term: AbstractTerm, t: Time, y: Y, args: Args) -> Jaxpr:
    """The vector field as a program; what it returns besides arrays is left out."""
    return jax.make_jaxpr(lambda t, y: eqx.filter(term.vf(t, y, args), eqx.is_array))(t, y).jaxpr


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
