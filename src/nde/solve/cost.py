"""How much a vector field costs, read off its program."""

import math
from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal
from jaxtyping import PyTree

from nde.core.types import Args, Time, Y
from nde.gradients.primitive import SOLVE, program_of
from nde.terms import AbstractTerm

_CHEAP = 2_000
"""Operations up to which a stage is cheaper to compute again than to write out in the loop (see docs/decisions)."""

_ROUNDS = 16
"""Rounds that a loop is taken to go through whose number of rounds is not known."""


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
        if eqn.primitive.name == SOLVE:
            yield from _names(program_of(eqn).jaxpr)
        for inner in _programs(list(eqn.params.values())):
            yield from _names(inner)


def operations(jaxpr: Jaxpr) -> float:
    """About how many arithmetic operations a program takes.

    Of the branches of a conditional the longest counts; a loop counts as often as it goes round, or, where that is not
    known, as often as a short one does. What is not JAX's own counts as endless.
    """
    return sum(_operations_of(eqn) for eqn in jaxpr.eqns)


def _operations_of(eqn: Any) -> float:
    name, params = eqn.primitive.name, eqn.params
    if name == "cond":
        return max(operations(branch) for branch in _programs(params["branches"]))
    if name == "shard_map":
        return operations(_only(params["jaxpr"])) * math.prod(params["mesh"].shape.values())
    if name == SOLVE:
        return operations(program_of(eqn).jaxpr)
    if name.startswith(_FOREIGN):
        return math.inf
    inner = _programs([params[key] for key in _BODIES.get(name, tuple(params))])
    rounds = _rounds(eqn) if name == "while" else params.get("length", 1)
    return rounds * sum(operations(part) for part in inner) if inner else _arithmetic(eqn)


_FOREIGN = ("custom_call", "ffi_call", "pure_callback", "io_callback", "pallas_call")
_BODIES = {"custom_jvp_call": ("call_jaxpr",), "custom_vjp_call": ("call_jaxpr",), "custom_vmap_call": ("call",)}
"""Where the program of a primitive is that has others for rules."""


def _arithmetic(eqn: Any) -> float:
    """The operations of a primitive that holds no program."""
    size = sum(math.prod(v.aval.shape) for v in eqn.outvars if hasattr(v.aval, "shape"))
    if eqn.primitive.name == "dot_general":
        (contracted, _), _ = eqn.params["dimension_numbers"]
        shape = eqn.invars[0].aval.shape
        return 2 * size * math.prod(shape[axis] for axis in contracted)
    if eqn.primitive.name == "conv_general_dilated":
        return 2 * size * math.prod(eqn.invars[1].aval.shape)
    return size


def _programs(params: PyTree[Any]) -> list[Jaxpr]:
    """The programs among parameters, in tuples too."""
    leaves = jax.tree.leaves(params, is_leaf=lambda x: isinstance(x, ClosedJaxpr | Jaxpr))
    return [_only(leaf) for leaf in leaves if isinstance(leaf, ClosedJaxpr | Jaxpr)]


def _only(program: Any) -> Jaxpr:
    return program.jaxpr if isinstance(program, ClosedJaxpr) else program


def _rounds(eqn: Any) -> float:
    """How often a loop goes round: known where a counter runs between numbers of the program, as in `fori_loop`."""
    loop = _LoopCounter(eqn)
    comparison = loop.condition.eqns[-1] if len(loop.condition.eqns) == 1 else None
    if comparison is None or comparison.primitive.name not in ("lt", "le", "gt", "ge", "ne"):
        return _ROUNDS
    starts, steps = zip(*(loop.progress_of(v) for v in comparison.invars), strict=True)
    if None in starts or None in steps:
        return _ROUNDS
    distance, growth = abs(starts[1] - starts[0]), abs(steps[1] - steps[0])
    return math.ceil(distance / growth) + (comparison.primitive.name in ("le", "ge")) if growth else _ROUNDS


class _LoopCounter:
    """A loop, whose condition is looked at."""

    def __init__(self, eqn: Any) -> None:
        self.condition, self.body = _only(eqn.params["cond_jaxpr"]), _only(eqn.params["body_jaxpr"])
        self.consts, self.skipped = eqn.params["cond_nconsts"], eqn.params["body_nconsts"]
        self.given = eqn.invars

    def progress_of(self, v: Any) -> tuple[float | None, float | None]:
        """Where a value that is compared starts, and by how much it grows in a round; `None` for what is not known."""
        if isinstance(v, Literal):
            return _number(v), 0.0
        place = self.condition.invars.index(v)
        if place < self.consts:
            return _number(self.given[place]), 0.0
        carried = place - self.consts
        before, after = self.body.invars[self.skipped + carried], self.body.outvars[carried]
        start = _number(self.given[self.consts + self.skipped + carried])
        return start, 0.0 if after is before else self._growth(before, after)

    def _growth(self, before: Any, after: Any) -> float | None:
        for eqn in self.body.eqns:
            if after in eqn.outvars and eqn.primitive.name in ("add", "sub") and eqn.invars[0] is before:
                step = _number(eqn.invars[1])
                return step if step is None or eqn.primitive.name == "add" else -step
        return None


def _number(x: Any) -> float | None:
    """A number that the program knows."""
    return float(x.val) if isinstance(x, Literal) and np.ndim(x.val) == 0 else None
