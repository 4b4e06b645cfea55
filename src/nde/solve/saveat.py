"""What to save of a solve."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree, Real

from nde.core.describe import describe
from nde.core.types import Args, RealScalar, Times, Y


def save_y(t: RealScalar, y: Y, args: Args) -> Y:
    """The state itself."""
    del t, args
    return y


class SubSaveAt(eqx.Module):
    """One quantity to save, and when; for `SaveAt(subs=...)`.

    Attributes:
        t0: Whether to save at t0.
        t1: Whether to save at t1.
        ts: Times of shape `(times,)` to save at, sorted in the direction of the solve, or `None`.
        steps: Save after every `steps`-th accepted step; 0 for never.
        fn: What to save, a function `(t, y, args) -> pytree`.

    Raises:
        ValueError: If nothing would be saved.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        final = nde.SubSaveAt(t1=True)
        mean = nde.SubSaveAt(ts=jnp.linspace(0.0, 1.0, 5), fn=lambda t, y, args: y.mean())
        term = nde.ODETerm(lambda t, y, args: -y)
        sol = nde.diffeqsolve(
            term, nde.Tsit5(), 0.0, 1.0, 0.1, jnp.ones(3), saveat=nde.SaveAt(subs=[final, mean])
        )
        print(sol.ys[0].shape, sol.ys[1].shape)
        ```
    """

    t0: bool = eqx.field(static=True)
    t1: bool = eqx.field(static=True)
    ts: Real[Array, " times"] | None
    steps: int = eqx.field(static=True)
    fn: Callable[[Any, Any, Any], PyTree[Any]]

    def __init__(
        self,
        *,
        t0: bool = False,
        t1: bool = False,
        ts: Times | None = None,
        steps: bool | int = 0,
        fn: Callable[[Any, Any, Any], PyTree[Any]] = save_y,
    ) -> None:
        self.t0, self.t1 = _truth("t0", t0), _truth("t1", t1)
        self.ts = None if ts is None else _times(ts)
        self.steps = _every(steps)
        if not callable(fn):
            raise TypeError(f"`SaveAt(fn=...)` got {describe(fn)}; expected a function `(t, y, args) -> values`.")
        self.fn = fn

    def __check_init__(self) -> None:
        if self.steps < 0:
            raise ValueError(f"`SaveAt(steps=...)` got {self.steps}; expected `True` or a number of steps.")
        if not (self.t0 or self.t1 or self.ts is not None or self.steps):
            raise ValueError(
                "Nothing would be saved: `SubSaveAt` needs at least one of `t0=True`, `t1=True`, `ts=...`, `steps=...`."
            )


class SaveAt(eqx.Module):
    """What to save of a solve, and when.

    Attributes:
        subs: A pytree of `SubSaveAt`; or give `t0`, `t1`, `ts`, `steps`, `fn` for a single one. `sol.ts` and `sol.ys`
            have this structure.
        dense: Whether to keep all steps, so that `sol.evaluate` works at any time between t0 and t1.
        solver_state: Whether to keep the solver's last state, to resume from it.
        controller_state: Whether to keep the controller's last state.
        made_jump: Whether to keep whether the solve ended at a jump.

    Values are saved in order of time: t0, the times and steps, t1. For `steps=n` there is room for `max_steps // n`
    values; what is not used is infinite.

    Raises:
        ValueError: If both `subs` and one of the others are given.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        term = nde.ODETerm(lambda t, y, args: -y)
        saveat = nde.SaveAt(t0=True, ts=jnp.linspace(0.2, 1.0, 5))
        sol = nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, 0.1, 1.0, saveat=saveat)
        print(sol.ts, sol.ys)
        ```
    """

    subs: PyTree[SubSaveAt]
    dense: bool = eqx.field(static=True)
    solver_state: bool = eqx.field(static=True)
    controller_state: bool = eqx.field(static=True)
    made_jump: bool = eqx.field(static=True)

    def __init__(
        self,
        *,
        t0: bool = False,
        t1: bool = False,
        ts: Times | None = None,
        steps: bool | int = False,
        fn: Callable[[Any, Any, Any], PyTree[Any]] = save_y,
        subs: PyTree[SubSaveAt] = None,
        dense: bool = False,
        solver_state: bool = False,
        controller_state: bool = False,
        made_jump: bool = False,
    ) -> None:
        single = _truth("t0", t0) or _truth("t1", t1) or ts is not None or bool(_every(steps))
        if subs is not None and single:
            raise ValueError("`SaveAt` got `subs` beside `t0`, `t1`, `ts` or `steps`; give one or the other.")
        self.subs = SubSaveAt(t0=t0, t1=t1, ts=ts, steps=steps, fn=fn) if single else subs
        for sub in self.leaves():
            if not _is_sub(sub):
                raise TypeError(f"`SaveAt(subs=...)` got {describe(sub)}; expected a pytree of `nde.SubSaveAt(...)`.")
        self.dense = _truth("dense", dense)
        self.solver_state = _truth("solver_state", solver_state)
        self.controller_state = _truth("controller_state", controller_state)
        self.made_jump = _truth("made_jump", made_jump)

    def leaves(self) -> list[SubSaveAt]:
        """All `SubSaveAt`s."""
        return jax.tree.leaves(self.subs, is_leaf=_is_sub)

    def rebuild(self, values: Sequence[Any]) -> PyTree[Any]:
        """A pytree of the structure of `subs` with one value for each."""
        structure = jax.tree.structure(self.subs, is_leaf=_is_sub)
        return jax.tree.unflatten(structure, values)


def _truth(name: str, value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"`SaveAt({name}=...)` got {describe(value)}; expected `True` or `False`.")
    return bool(value)


def _times(ts: Any) -> Array | None:
    """Save times as an array; `None` if there are none."""
    try:
        ts = jnp.asarray(ts)
    except (TypeError, ValueError) as error:
        raise TypeError(f"`SaveAt(ts=...)` got {describe(ts)}; expected times of shape (times,).") from error
    if ts.ndim != 1:
        raise ValueError(
            f"`SaveAt(ts=...)` got an array of shape {ts.shape}; expected shape (times,). Write a single time as "
            "`ts=[t]`."
        )
    if jnp.issubdtype(ts.dtype, jnp.complexfloating):
        raise TypeError(f"`SaveAt(ts=...)` got times of dtype {ts.dtype}; they must be real.")
    return ts if ts.shape[0] else None


def _every(steps: Any) -> int:
    try:
        return operator.index(steps)
    except TypeError:
        raise TypeError(
            f"`SaveAt(steps=...)` got {describe(steps)}; expected `True` or a whole number of steps."
        ) from None


def _is_sub(x: Any) -> bool:
    return isinstance(x, SubSaveAt)
