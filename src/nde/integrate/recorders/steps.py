"""Values after every so many accepted steps."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.count import count_if, first_of
from nde.core.lanes import any_lane
from nde.core.types import IntScalar
from nde.integrate.output import AtSteps, Saved, call_fn, over_rows, padded_rows, padding, shapes_of
from nde.integrate.problem import Differentiable, Setup
from nde.integrate.recorders.base import AbstractRecorder, Attempt


class _Rows(eqx.Module):
    ts: Array
    ys: PyTree[Array]
    valid: Array
    used: IntScalar
    count: IntScalar


class StepRecorder(AbstractRecorder):
    """Saves after every `every`-th accepted step; `output` is the index of its `AtSteps` among the outputs."""

    output: int = eqx.field(static=True)
    max_steps: int = eqx.field(static=True)

    def init(self, problem: Differentiable, setup: Setup) -> _Rows:
        """Room for as many values as `max_steps` allows."""
        del setup
        wanted = self._wanted(problem)
        struct = shapes_of(wanted.fn, problem.t0, problem.y0, problem.args)
        return _Rows(
            ts=jnp.full((self.max_steps,), jnp.inf, problem.t0.dtype),
            ys=padded_rows(self.max_steps, struct),
            valid=jnp.zeros((self.max_steps,), bool),
            used=jnp.asarray(0, jnp.int32),
            count=jnp.asarray(0, jnp.int32),
        )

    def write(self, problem: Differentiable, setup: Setup, store: _Rows, attempt: Attempt) -> _Rows:
        """The value at the end of the step, in the lanes whose turn it is."""
        wanted = self._wanted(problem)
        due = attempt.accepted & ((attempt.index + 1) % wanted.every == 0)
        value = call_fn(wanted.fn, setup.real(attempt.step.end), attempt.out.y, problem.args)
        rest = jax.tree.map(lambda v: jnp.full_like(v, padding(v.dtype)), value)
        return _Rows(
            ts=tree.set_row(store.ts, store.used, jnp.where(due, attempt.step.end, jnp.inf)),
            ys=tree.set_row(store.ys, store.used, tree.where(due, value, rest)),
            valid=tree.set_row(store.valid, store.used, due),
            used=count_if(store.used, any_lane(due)),
            count=count_if(store.count, due),
        )

    def finish(self, store: _Rows) -> Saved:
        """The values one after the other: where lanes left gaps, each lane closes its own."""
        rows = self.max_steps
        used = first_of(rows, store.used)
        ts = jnp.where(used, store.ts, jnp.inf)
        saved = Saved(ts=ts, ys=_masked(used, store.ys), count=store.count)

        def close_gaps() -> Saved:
            source = jnp.searchsorted(jnp.cumsum(store.valid & used), jnp.arange(1, rows + 1), side="left")
            there = first_of(rows, store.count)
            source = jnp.minimum(source, rows - 1)
            ys = jax.tree.map(lambda y: y[source], store.ys)
            return Saved(ts=jnp.where(there, store.ts[source], jnp.inf), ys=_masked(there, ys), count=store.count)

        return jax.lax.cond(any_lane(store.used != store.count), close_gaps, lambda: saved)

    def _wanted(self, problem: Differentiable) -> AtSteps:
        wanted = problem.outputs[self.output]
        assert isinstance(wanted, AtSteps)
        return wanted


def _masked(there: Array, ys: PyTree[Array]) -> PyTree[Array]:
    def leaf(y: Array) -> Array:
        return jnp.where(over_rows(there, y), y, jnp.asarray(padding(y.dtype), y.dtype))

    return jax.tree.map(leaf, ys)
