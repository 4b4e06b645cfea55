"""The values saved by the loop and at its ends, put together as the user asked."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core.types import Time, Y
from nde.integrate.outcome import Outcome
from nde.integrate.output import Saved, call_fn, over_rows, padding
from nde.integrate.problem import Differentiable, Setup
from nde.solve.saveat import SaveAt, SubSaveAt

Rows = tuple[Array, PyTree[Array]]
"""Loop times, and the values there."""


def collect(problem: Differentiable, setup: Setup, saveat: SaveAt, outcome: Outcome) -> tuple[Any, Any]:
    """`ts` and `ys` of the solution, in the structure of `saveat.subs`."""
    saved = iter(zip(problem.outputs, outcome.saved, strict=True))
    rows = [_rows(problem, setup, sub, outcome, saved) for sub in saveat.leaves()]
    if not rows:
        return None, None
    ts = saveat.rebuild([jnp.where(jnp.isfinite(ts), setup.real(ts), jnp.inf) for ts, _ in rows])
    return ts, saveat.rebuild([ys for _, ys in rows])


def _rows(problem: Differentiable, setup: Setup, sub: SubSaveAt, outcome: Outcome, saved: Any) -> Rows:
    """The values of one `SubSaveAt` in order of time."""
    parts: list[Rows] = []
    ordered = True
    if sub.t0:
        parts.append(_single(problem, setup, sub, problem.t0, problem.y0))
    if sub.ts is not None:
        output, ys = next(saved)
        _, first = _single(problem, setup, sub, problem.t0, problem.y0)
        at_start = (output.ts == problem.t0) & (outcome.accepted == 0)  # no step was there to hold them
        ys = jax.tree.map(lambda y, y0: jnp.where(over_rows(at_start, y), y0, y), ys, first)
        parts.append((jnp.where(output.ts <= outcome.t, output.ts, jnp.inf), ys))
    if sub.steps:
        ordered = sub.ts is None
        _, steps = next(saved)
        assert isinstance(steps, Saved)
        parts.append((steps.ts, steps.ys))
    if sub.t1 and not _always_saved(sub):
        ts, ys = _single(problem, setup, sub, outcome.t, outcome.y)
        if sub.steps:
            ordered = False
            extra = outcome.accepted % sub.steps != 0
            ts = jnp.where(extra, ts, jnp.inf)
            ys = jax.tree.map(lambda y: jnp.where(extra, y, jnp.asarray(padding(y.dtype), y.dtype)), ys)
        parts.append((ts, ys))
    ts = jnp.concatenate([ts for ts, _ in parts])
    ys = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *[ys for _, ys in parts])
    return (ts, ys) if ordered else _sort_rows(ts, ys, _capacity(sub, setup.max_steps))


def _single(problem: Differentiable, setup: Setup, sub: SubSaveAt, t: Time, y: Y) -> Rows:
    value = call_fn(sub.fn, setup.real(t), y, problem.args)
    return t[None], jax.tree.map(lambda v: v[None], value)


def _always_saved(sub: SubSaveAt) -> bool:
    """Whether the last step is saved anyway."""
    return sub.steps == 1


def _capacity(sub: SubSaveAt, max_steps: int | None) -> int:
    assert max_steps is not None
    last = sub.t1 and not _always_saved(sub) and max_steps % sub.steps != 0
    times = 0 if sub.ts is None else sub.ts.shape[0]
    return int(sub.t0) + times + max_steps // sub.steps + int(last)


def _sort_rows(ts: Array, ys: PyTree[Array], capacity: int) -> Rows:
    order = jnp.argsort(ts, stable=True)[:capacity]
    return ts[order], jax.tree.map(lambda y: y[order], ys)
