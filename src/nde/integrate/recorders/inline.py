"""Save times of costly vector fields: evaluated at once, while the stages of the step are at hand."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.count import count_if
from nde.core.lanes import any_lane
from nde.core.types import IntScalar
from nde.integrate.output import AtTimes, call_fn, padded_rows, shapes_of
from nde.integrate.problem import Differentiable, Setup, dense_step
from nde.integrate.recorders.base import AbstractRecorder, Attempt


class _Sheet(eqx.Module):
    done: IntScalar
    saved: PyTree[Array]


class InlineRecorder(AbstractRecorder):
    """Saves at given times inside the loop; `output` is the index of its `AtTimes` among the problem's outputs."""

    output: int = eqx.field(static=True)

    def init(self, problem: Differentiable, setup: Setup) -> _Sheet:
        """Nothing saved."""
        del setup
        wanted = self._wanted(problem)
        struct = shapes_of(wanted.fn, problem.t0, problem.y0, problem.args)
        return _Sheet(done=jnp.asarray(0, jnp.int32), saved=padded_rows(wanted.ts.shape[0], struct))

    def write(self, problem: Differentiable, setup: Setup, store: _Sheet, attempt: Attempt) -> _Sheet:
        """All save times inside an accepted step, one after the other, in all lanes together."""
        wanted = self._wanted(problem)
        last = wanted.ts.shape[0] - 1
        step = dense_step(problem, setup, attempt.step, attempt.start.y, attempt.out.stages, attempt.drive).collected()

        def due(sheet: _Sheet) -> Array:
            at = wanted.ts[jnp.minimum(sheet.done, last)]
            return attempt.accepted & (sheet.done <= last) & (at <= attempt.step.end)

        def save(sheet: _Sheet) -> _Sheet:
            now, index = due(sheet), jnp.minimum(sheet.done, last)
            at = wanted.ts[index]
            value = call_fn(wanted.fn, setup.real(at), step.value(at), problem.args)
            kept = tree.where(now, value, tree.row(sheet.saved, index))
            return _Sheet(done=count_if(sheet.done, now), saved=tree.set_row(sheet.saved, index, kept))

        return jax.lax.while_loop(lambda sheet: any_lane(due(sheet)), save, store)

    def finish(self, store: _Sheet) -> PyTree[Array]:
        """The values at the save times; padding where the solve did not get."""
        return store.saved

    def _wanted(self, problem: Differentiable) -> AtTimes:
        wanted = problem.outputs[self.output]
        assert isinstance(wanted, AtTimes)
        return wanted
