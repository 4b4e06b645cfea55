"""Whether a function depends on its argument, read off its program."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
from jax.extend.core import ClosedJaxpr, Literal, Var

Inputs = set[Var]


def depends_on(fn: Callable[[Any], Any], x: Any) -> bool:
    """Whether the value of a function can change with its argument; yes, where the program does not tell."""
    closed, _, _ = eqx.filter_make_jaxpr(fn)(x)
    return any(_affected(closed, [True] * len(closed.jaxpr.invars)))


def _affected(closed: ClosedJaxpr, inputs: list[bool]) -> list[bool]:
    """Which results of a program change with some of its inputs."""
    jaxpr = closed.jaxpr
    moving: Inputs = {var for var, moves in zip(jaxpr.invars, inputs, strict=True) if moves}
    for eqn in jaxpr.eqns:
        moves = [not isinstance(v, Literal) and v in moving for v in eqn.invars]
        inner = eqn.params.get("jaxpr") if eqn.primitive.name in ("jit", "pjit") else None
        results = _affected(inner, moves) if isinstance(inner, ClosedJaxpr) else [any(moves)] * len(eqn.outvars)
        moving |= {var for var, moved in zip(eqn.outvars, results, strict=True) if moved}
    return [not isinstance(v, Literal) and v in moving for v in jaxpr.outvars]
