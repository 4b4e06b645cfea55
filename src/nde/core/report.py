"""The error of a failed solve: where, why, and what to try."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.extend.core import Primitive
from jax.interpreters import batching
from jaxtyping import Array, PyTree

from nde.core.export import refuse_export
from nde.core.lanes import any_lane
from nde.core.results import RESULTS, SUCCESSFUL, SolveError, code_of, message_of
from nde.core.tracing import inside_jit

T = TypeVar("T")

Facts = dict[str, Any]
"""Numbers that a message may quote, by name."""

_QUOTED: dict[int, tuple[str, ...]] = {
    code_of(RESULTS.bad_dt0): ("t0", "t1", "dt0"),
    code_of(RESULTS.bad_tolerance): ("rtol", "atol", "least rtol", "least atol"),
    code_of(RESULTS.bad_ts_order): ("t0", "t1"),
    code_of(RESULTS.bad_ts_range): ("t0", "t1", "first of ts", "last of ts"),
    code_of(RESULTS.bad_step_ts): ("t0", "t1"),
    code_of(RESULTS.bad_observation_time): ("the last time", "the new time"),
    code_of(RESULTS.infeasible): (),
    code_of(RESULTS.unbounded): (),
    code_of(RESULTS.not_convex): (),
}
_WHERE = ("t", "step size", "steps", "residual")


def raise_if_failed(
    out: T, tied: Callable[[T], PyTree[Any]], code: Array | np.ndarray, facts: Callable[[], Facts]
) -> T:
    """The outcome; a failed solve raises here or, inside `jax.jit`, when the compiled program runs.

    Args:
        out: The outcome of the solve.
        tied: Its parts that wait for the check inside `jax.jit`, where a check is dropped for which nothing waits.
        code: How the solve ended; a batch of codes under `jax.vmap`.
        facts: What the message may quote, computed if it is needed.

    Raises:
        SolveError: With the message of the first batch element that failed, and the facts that belong to it.
    """
    if inside_jit():
        waiting = _raise_when_run(tied(out), code, _quotable(facts))
        return eqx.tree_at(tied, out, waiting, is_leaf=lambda x: x is None)
    failed = _some_failed.bind(code) if isinstance(code, Tracer) else not _succeeded(int(code))
    if failed:
        quoted = _quotable(facts)
        _failure.bind(code, *quoted.values(), names=tuple(quoted))
    return out


def _quotable(facts: Callable[[], Facts]) -> Facts:
    return {name: jax.lax.stop_gradient(jnp.asarray(value)) for name, value in facts().items()}


def _raise_when_run(tied: PyTree[Any], code: Array | np.ndarray, facts: Facts) -> PyTree[Any]:
    """The arrays, tied to a check that raises when the compiled program runs and a lane has failed."""
    code = jax.lax.stop_gradient(code)
    failed = refuse_export(any_lane((code != SUCCESSFUL) & (code != code_of(RESULTS.event_occurred))))
    shape = jax.ShapeDtypeStruct((), jnp.bool_)
    token = jax.lax.cond(
        failed,
        lambda: jax.pure_callback(_raise_first, shape, code, facts, vmap_method="broadcast_all"),
        lambda: jnp.asarray(False),
    )

    return jax.tree.map(lambda x: _tie(token, x) if isinstance(x, Array) else x, tied)


def _tie(token: Array, x: Array) -> Array:
    """The array, whose first number waits for the token; the rest is not touched, for it may be large."""
    if x.size == 0:
        return x
    corner = (0,) * x.ndim
    first = jax.lax.slice(x, corner, (1,) * x.ndim)
    return jax.lax.dynamic_update_slice(x, jnp.where(token, jnp.zeros_like(first), first), corner)


def _raise_first(codes: Any, facts: Facts) -> Any:
    """Raises for the first lane that failed."""
    codes = np.asarray(codes)
    lanes = [lane for lane in np.ndindex(codes.shape) if not _succeeded(int(codes[lane]))]
    if lanes:
        lane = lanes[0]
        message = _message(int(codes[lane]), {k: np.asarray(v)[lane] for k, v in facts.items()})
        where = f" (in element {', '.join(map(str, lane))} of the batch)" if lane else ""
        raise SolveError(message + where)
    return np.zeros(codes.shape, np.bool_)


def _batched(primitive: Primitive, xs: Sequence[Array], axes: Sequence[int | None], **params: Any) -> Any:
    """The primitive of whole batches, whose result is one for all lanes."""
    (size,) = {x.shape[axis] for x, axis in zip(xs, axes, strict=True) if axis is not None}
    lanes = [
        jnp.broadcast_to(x, (size, *x.shape)) if axis is None else jnp.moveaxis(x, axis, 0)
        for x, axis in zip(xs, axes, strict=True)
    ]
    out = primitive.bind(*lanes, **params)
    return (out, [None] * len(out)) if primitive.multiple_results else (out, None)


_some_failed = Primitive("some_failed")
"""Whether a solve failed in any lane of all `jax.vmap`s, outside `jax.jit`."""
_some_failed.def_impl(lambda codes: not all(_succeeded(code) for code in np.ravel(codes).tolist()))
batching.primitive_batchers[_some_failed] = functools.partial(_batched, _some_failed)

_failure = Primitive("failure")
"""Raises for the first lane of all `jax.vmap`s that failed, outside `jax.jit`."""
_failure.multiple_results = True
_failure.def_impl(lambda codes, *facts, names: _raise_first(codes, dict(zip(names, facts, strict=True))))
batching.primitive_batchers[_failure] = functools.partial(_batched, _failure)


def _succeeded(code: int) -> bool:
    return code in (SUCCESSFUL, code_of(RESULTS.event_occurred))


def _message(code: int, facts: Facts) -> str:
    quoted = ", ".join(f"{name} = {facts[name]:.6g}" for name in _QUOTED.get(code, _WHERE) if name in facts)
    if not quoted:
        return message_of(code)
    return f"{message_of(code)} Got {quoted}." if code in _QUOTED else f"{message_of(code)} This was at {quoted}."
