"""Errors for modes of differentiation that a solve does not have.

The gates are the identity on values and cost nothing in a compiled program: they act on derivatives alone.

A tangent that a pull-back is made of passes a gate as a linear operation, which the pull-back turns around and never
computes. In forward mode it is computed: when its program is batched or compiled, inside `jax.jit` or out, it
raises.
"""

from typing import Any, NoReturn, TypeVar

import equinox as eqx
import equinox.internal as eqxi
import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from nde.core.types import BoolScalar, Time, Y

T = TypeVar("T")


def reverse_mode_only(inputs: T, adjoint: str, instead: str | None = None) -> T:
    """The inputs of a solve, whose tangents must not be computed; the outer mode of forward-over-reverse may.

    Args:
        inputs: Any pytree.
        adjoint: The name of the method, for the message.
        instead: What to do, for the message; by default which adjoint of `diffeqsolve` has forward mode.
    """
    why = _NO_FORWARD.format(adjoint=adjoint, instead=_ADJOINTS if instead is None else instead)
    return jax.tree.map(lambda x: _gate.bind(x, why=why) if eqx.is_inexact_array(x) else x, inputs)


def forward_mode_only(outcome: T, adjoint: str) -> T:
    """The outcome of a solve, of which there is no reverse mode."""
    return eqxi.nondifferentiable_backward(outcome, msg=_NO_REVERSE.format(adjoint=adjoint))


def reverse_mode_once(results: T, adjoint: str) -> T:
    """What a solve in reverse mode hands out, its gradient too, of which there is no further reverse mode."""
    return eqxi.nondifferentiable_backward(results, msg=_NO_REVERSE_TWICE.format(adjoint=adjoint))


def event_time(t: Time, stopped: BoolScalar, y: Y) -> Time:
    """Where a solve ended that a rule may have stopped, a time whose derivative is not known.

    Reverse mode that asks for it is refused. In forward mode the tangent is not a number, for it is made whether anyone
    asks for it or not.

    Args:
        t: Where the solve ended.
        stopped: Whether the rule stopped it.
        y: The state there: what it depends on, the time does, too.
    """
    return eqxi.nondifferentiable_backward(_unknown(t, stopped, y), msg=_NO_EVENT_TIME)


@jax.custom_jvp
def _unknown(t: Time, stopped: BoolScalar, y: Y) -> Time:
    del stopped, y
    return t


@_unknown.defjvp
def _(primals: tuple[Time, BoolScalar, Y], tangents: tuple[Any, Any, Any]) -> tuple[Time, Time]:
    (t, stopped, _), (tangent, _, change) = primals, tangents
    total = sum((jnp.sum(jnp.real(x)).astype(t.dtype) for x in jax.tree.leaves(change)), jnp.zeros_like(t))
    return t, jnp.where(stopped, jnp.nan * total, tangent)


_NO_EVENT_TIME = (
    "Got a derivative of the time at which `event` stopped a solve, which is not known: the rule is asked at the "
    "ends of steps only. Differentiate the state `sol.ys`, or wrap the time in `jax.lax.stop_gradient`."
)
_NO_FORWARD = (
    "Got forward-mode differentiation (`jax.jvp`, `jax.jacfwd`, `jax.linearize`) of a solve with `{adjoint}`, which "
    "has reverse mode only. {instead}"
)
_ADJOINTS = "Pass `adjoint=nde.ForwardMode()`, or `adjoint=nde.DirectAdjoint()` for both modes."
_NO_REVERSE = (
    "Got reverse-mode differentiation (`jax.grad`, `jax.vjp`, `jax.jacrev`) of a solve with `{adjoint}`, which has "
    "forward mode only. Leave out `adjoint=...`, or pass `adjoint=nde.DirectAdjoint()` for both modes."
)
_NO_REVERSE_TWICE = (
    "Got reverse-mode differentiation of a gradient by `{adjoint}`, which has it once. For Hessians take forward over "
    "reverse, `jax.jacfwd(jax.grad(f))`, or `adjoint=nde.DirectAdjoint()` for any nesting."
)


def _refuse(*_: Any, why: str, **__: Any) -> NoReturn:
    raise TypeError(why)


def _through_gate(primals: tuple[Any], tangents: tuple[Any], *, why: str) -> tuple[Any, Any]:
    (x,), (tangent,) = primals, tangents
    return x, tangent if isinstance(tangent, ad.Zero) else _refused.bind(tangent, why=why)


def _same(x: Any, *, why: str) -> Any:
    del why
    return x


def _lower_same(context: Any, x: Any, *, why: str) -> list[Any]:
    del context, why
    return [x]


def _turned(cotangent: Any, x: Any, *, why: str) -> list[Any]:
    del x, why
    return [cotangent]


_gate = Primitive("reverse_mode_only")
_gate.def_impl(_same)
_gate.def_abstract_eval(_same)
ad.primitive_jvps[_gate] = _through_gate
batching.primitive_batchers[_gate] = lambda xs, axes, *, why: (_gate.bind(*xs, why=why), axes[0])
mlir.register_lowering(_gate, _lower_same)

_refused = Primitive("refused_tangent")
_refused.def_impl(_refuse)
_refused.def_abstract_eval(_same)
ad.deflinear2(_refused, _turned)
ad.primitive_jvps[_refused] = _refuse
batching.primitive_batchers[_refused] = _refuse
mlir.register_lowering(_refused, _refuse)
