"""How a failure is told: where, why, and what to try."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from nde.core.lanes import any_lane
from nde.core.results import RESULTS, SUCCESSFUL, SolveError, code_of, message_of
from nde.solve.export import not_exported

Facts = dict[str, Any]
"""Numbers that a message may quote, by name."""

_QUOTED: dict[int, tuple[str, ...]] = {
    code_of(RESULTS.bad_dt0): ("t0", "t1", "dt0"),
    code_of(RESULTS.bad_tolerance): ("rtol", "atol", "least rtol", "least atol"),
    code_of(RESULTS.bad_ts_order): ("t0", "t1"),
    code_of(RESULTS.bad_ts_range): ("t0", "t1", "first of ts", "last of ts"),
    code_of(RESULTS.bad_step_ts): ("t0", "t1"),
    code_of(RESULTS.bad_observation_time): ("the last time", "the new time"),
}
_WHERE = ("t", "step size", "steps")


def raise_now(code: Array | np.ndarray, facts: Callable[[], Facts]) -> None:
    """Raises if a concrete code says that the solve failed.

    Raises:
        SolveError: With the message of the code and the facts that belong to it.
    """
    if not _succeeded(int(code)):
        raise SolveError(_message(int(code), {k: np.asarray(v) for k, v in facts().items()}))


def raise_when_run(tied: PyTree[Any], code: Array | np.ndarray, facts: Facts) -> PyTree[Any]:
    """The arrays, tied to a check that raises when the compiled program runs and a lane has failed."""
    code = jax.lax.stop_gradient(code)
    facts = {k: jax.lax.stop_gradient(jnp.asarray(v)) for k, v in facts.items()}
    failed = not_exported(any_lane((code != SUCCESSFUL) & (code != code_of(RESULTS.event_occurred))))
    shape = jax.ShapeDtypeStruct((), jnp.bool_)
    token = jax.lax.cond(
        failed,
        lambda: jax.pure_callback(_raise_first, shape, code, facts, vmap_method="broadcast_all"),
        lambda: jnp.asarray(False),
    )

    return jax.tree.map(lambda x: _tied(token, x) if isinstance(x, Array) else x, tied)


def _tied(token: Array, x: Array) -> Array:
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
        where = f" (in lane {', '.join(map(str, lane))} of the batch)" if lane else ""
        raise SolveError(message + where)
    return np.zeros(codes.shape, np.bool_)


def _succeeded(code: int) -> bool:
    return code in (SUCCESSFUL, code_of(RESULTS.event_occurred))


def _message(code: int, facts: Facts) -> str:
    quoted = ", ".join(f"{name} = {facts[name]:.6g}" for name in _QUOTED.get(code, _WHERE) if name in facts)
    return f"{message_of(code)} Got {quoted}." if code in _QUOTED else f"{message_of(code)} This was at {quoted}."
