"""Checks of single arguments: numbers that are numbers, and instances that are no classes."""

import operator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from nde.core.describe import describe
from nde.solve.normalize import ControllerResume, SolverResume


def check_times(t0: Any, t1: Any, dt0: Any) -> None:
    """Whether times are single numbers.

    Raises:
        TypeError: If one is no number.
        ValueError: If one is an array of numbers.
    """
    times: dict[str, Any] = {"t0": t0, "t1": t1} if dt0 is None else {"t0": t0, "t1": t1, "dt0": dt0}
    for name, value in times.items():
        check_time("diffeqsolve", name, value, " or `None`" if name == "dt0" else "")


def check_time(who: str, name: str, value: Any, unless: str = "") -> None:
    """Whether a time is a single number.

    Args:
        who: The function that got it.
        name: Of the argument.
        value: The time.
        unless: What else it may be.

    Raises:
        TypeError: If it is no number.
        ValueError: If it is an array of numbers.
    """
    if not _is_numeric(value):
        raise TypeError(f"`{who}` got {describe(value)} as `{name}`; expected a real number{unless}.")
    shape = getattr(value, "shape", ())
    if shape != ():
        raise ValueError(
            f"`{who}` got `{name}` of shape {shape}; expected a single number. For many solves at once use `jax.vmap`."
        )


def step_bound(max_steps: Any) -> int | None:
    """`max_steps` as a Python integer.

    Raises:
        TypeError: If it is no integer, or not known when the program is made.
    """
    if max_steps is None:
        return None
    if not isinstance(max_steps, bool | np.bool_):
        try:
            return operator.index(max_steps)
        except TypeError:
            pass
    raise TypeError(
        f"`diffeqsolve` got {describe(max_steps)} as `max_steps`; expected an integer that is known before the solve "
        "is compiled, such as 4096, or `None` for no bound."
    )


def check_throw(throw: Any) -> None:
    """Whether `throw` is a truth value that is known.

    Raises:
        TypeError: If it is not.
    """
    if not isinstance(throw, bool | np.bool_):
        raise TypeError(f"`diffeqsolve` got {describe(throw)} as `throw`; expected `True` or `False`.")


def check_resumed(solver_state: Any, controller_state: Any, made_jump: Any) -> None:
    """Whether the states of an earlier solve are such.

    Raises:
        TypeError: If one is something else.
    """
    states = (("solver_state", solver_state, SolverResume), ("controller_state", controller_state, ControllerResume))
    for name, state, kind in states:
        if state is not None and not isinstance(state, kind):
            raise TypeError(
                f"`diffeqsolve` got {describe(state)} as `{name}`; expected `sol.{name}` of an earlier solve with "
                f"`saveat=nde.SaveAt({name}=True, ...)`."
            )
    if made_jump is not None and not (_is_numeric(made_jump) and jnp.result_type(made_jump) == jnp.bool_):
        raise TypeError(f"`diffeqsolve` got {describe(made_jump)} as `made_jump`; expected `sol.made_jump` or a bool.")


def check_save_times(name: str, ts: Any) -> None:
    """Whether there are two times or more.

    Args:
        name: Of the function that got them.
        ts: The times.

    Raises:
        TypeError: If they are no sequence of times.
        ValueError: If there are fewer than two.
    """
    if isinstance(ts, str) or not hasattr(ts, "__len__") or not _are_times(ts):
        raise TypeError(f"`{name}` got {describe(ts)} as `ts`; expected times of shape (times,).")
    if len(ts) < 2:
        raise ValueError(f"`{name}` got {len(ts)} times; expected at least two, the first being that of y0.")


def _are_times(ts: Any) -> bool:
    """Whether it is a sequence of numbers or an array of them."""
    try:
        times = jnp.asarray(ts)
    except (TypeError, ValueError):
        return False
    return times.ndim > 0 and _is_numeric(times)


def _is_numeric(value: Any) -> bool:
    """Whether it is a number or an array of numbers."""
    if type(value) is float:
        return True
    if isinstance(value, str | bytes | type) or value is None:
        return False
    try:
        return bool(jnp.issubdtype(jnp.result_type(value), jnp.number) or jnp.result_type(value) == jnp.bool_)
    except (TypeError, ValueError):
        return False


def check_shards(inputs: PyTree[Any]) -> None:
    """Refuses inputs that `jax.shard_map` marks as differing between devices: no loop of a solve can carry the mark.

    Raises:
        TypeError: If an input is marked.
    """
    for leaf in jax.tree.leaves(eqx.filter(inputs, eqx.is_array)):
        kind = jax.typeof(leaf)
        differing = getattr(kind, "vma", None) or getattr(getattr(kind, "manual_axis_type", None), "varying", None)
        if differing:
            raise TypeError(
                f"Got a solve inside `jax.shard_map` whose inputs are marked as differing along {set(differing)}; "
                "its loops cannot carry the mark. Pass `check_vma=False` to `jax.shard_map`."
            )
