"""The pull-back of a small system's solve, many steps at a time.

Replayed one by one, the steps of a small system cost far more in overhead than in arithmetic. So a section of steps
is restored, and all of its steps are linearized together: with `J_n` the Jacobian of step n and `d_n` what flows into
it from values saved, the cotangents obey `a_n = J_n^T a_(n+1) + d_n`, a recursion of small matrices. Once they are
known, one pull-back of all steps together gives the cotangent of the inputs.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.lanes import any_lane
from nde.core.types import IntScalar
from nde.gradients.replay import Links, Made, Recorded, Replay, filled
from nde.integrate.output import AtTimes, call_fn
from nde.integrate.problem import value_inside

_SAMPLES = 64
"""Save times that are pulled back together."""


class _Section(eqx.Module):
    """Consecutive steps, restored."""

    befores: Links
    steps: Recorded
    indices: Array


class _Sweep(eqx.Module):
    """What the sweep over sections carries; see `nde.gradients.replay.Sweep`."""

    section: IntScalar
    after: Links
    inputs: PyTree[Array]
    steps: IntScalar
    times: tuple[IntScalar, ...]


class BatchedReplay(eqx.Module):
    """The pull-back of a solve whose tape keeps a state every `2^shift` steps."""

    replay: Replay
    shift: int = eqx.field(static=True)

    def run(self, last: Links) -> PyTree[Array | None]:
        """The cotangent of the varying inputs; `last` is the solve's last state."""
        replay = self.replay
        sweep = _Sweep(
            section=replay.tape.sections(self.shift) - 1,
            after=replay.last_cotangent(last),
            inputs=tree.zeros_like(replay.varying),
            steps=replay.accepted,
            times=replay.last_times(),
        )
        sweep = jax.lax.while_loop(lambda s: s.section >= 0, lambda s: self._pull_section(s), sweep)
        return replay.add_start(sweep.inputs, sweep.after)

    def _restore(self, section: IntScalar) -> _Section:
        """Walks through a section again, from the state kept at its start."""
        replay = self.replay
        first = section << self.shift

        def walk(carry: tuple[Any, Any], index: IntScalar) -> tuple[tuple[Any, Any], tuple[Links, Recorded]]:
            step = replay.recorded(jnp.minimum(index, replay.tape.length - 1))
            there = index < replay.tape.length
            step = eqx.tree_at(lambda s: (s.start, s.cause), step, _unless(there, step))
            before = replay.links(step, *carry)
            made = replay.make(replay.varying, before, step)
            moved = tree.where(step.end > step.start, (made.after.y, made.after.solver_state), carry)
            return moved, (before, step)

        indices = first + jnp.arange(1 << self.shift, dtype=jnp.int32)
        _, (befores, steps) = jax.lax.scan(walk, tree.row(replay.tape.states, section), indices)
        return _Section(befores, steps, indices)

    def _pull_section(self, sweep: _Sweep) -> _Sweep:
        replay = self.replay
        section = self._restore(sweep.section)
        counts = section.steps.end > section.steps.start
        before_last = sweep.steps - jnp.sum(counts)
        accepted = (before_last + jnp.cumsum(counts)).astype(jnp.int32)

        def steps(varying: PyTree[Array | None], befores: Links) -> Made:
            made = jax.vmap(lambda before, step: replay.make(varying, before, step))(befores, section.steps)
            return eqx.tree_at(lambda m: m.inside, made, None, is_leaf=lambda x: x is None)

        made, pull = jax.vjp(steps, replay.varying, section.befores)
        at_end = tuple(
            jax.vmap(lambda n, a, c, v, i=i, o=o: replay.stepped_cotangent(i, o, n, a, c, v))(
                section.indices, accepted, counts, value
            )
            for (i, o), value in zip(replay.stepped(), made.at_end, strict=True)
        )
        inputs, times, sources = self._pull_samples(sweep, section)
        nothing = tree.zeros_like(made.after)
        if at_end:
            _, more = pull(Made(after=nothing, at_end=at_end, inside=None))
            sources = tree.add(sources, more)
        jacobians = self._jacobians(pull, nothing, at_end)
        after, afters = _recursion(jacobians, sources, sweep.after)
        change, _ = pull(Made(after=afters, at_end=at_end, inside=None))
        return _Sweep(
            section=sweep.section - 1,
            after=after,
            inputs=tree.add(inputs, change),
            steps=before_last,
            times=times,
        )

    def _jacobians(self, pull: Any, nothing: Links, at_end: PyTree[Any]) -> Array:
        """The transposed Jacobians of all steps, of shape `(steps, size, size)`."""
        flat, unflatten = ravel_pytree(jax.tree.map(lambda x: x[0], nothing))
        rows = self.replay_rows(nothing)
        silent = jax.tree.map(lambda x: x if x.dtype == jax.dtypes.float0 else jnp.zeros_like(x), at_end)

        def column(direction: Array) -> Array:
            unit = jax.tree.map(lambda x: jnp.broadcast_to(x, (rows, *x.shape)), unflatten(direction))
            _, befores = pull(Made(after=unit, at_end=silent, inside=None))
            return jax.vmap(lambda b: ravel_pytree(b)[0])(befores)

        columns = jax.vmap(column)(jnp.eye(flat.size, dtype=flat.dtype))
        return jnp.transpose(columns, (1, 2, 0))

    @staticmethod
    def replay_rows(links: Links) -> int:
        """How many steps a section has."""
        return jax.tree.leaves(links)[0].shape[0]

    def _pull_samples(self, sweep: _Sweep, section: _Section) -> tuple[PyTree[Array], tuple[IntScalar, ...], Links]:
        """Pulls the values saved inside the section back to its steps, a batch of save times at a time."""
        carry = (sweep.inputs, tree.zeros_like(section.befores))
        lefts = []
        for (i, output), before in zip(self.replay.sampled(), sweep.times, strict=True):
            left, carry = self._pull_output(i, output, section, sweep.section == 0, before, carry)
            lefts.append(left)
        return carry[0], tuple(lefts), carry[1]

    def _pull_output(
        self, i: int, output: AtTimes, section: _Section, first: Array, left: IntScalar, carry: Any
    ) -> tuple[IntScalar, Any]:
        replay, size = self.replay, min(_SAMPLES, output.ts.shape[0])
        begin = section.steps.start[0]

        def inside(rows: Array) -> Array:
            return (rows >= 0) & ((output.ts[jnp.maximum(rows, 0)] > begin) | first)

        def value(varying: PyTree[Array | None], before: Links, step: Recorded, row: IntScalar) -> PyTree[Any]:
            problem = replay.problem(varying)
            wanted = problem.outputs[i]
            assert isinstance(wanted, AtTimes)
            at = wanted.ts[row]
            dense = replay.make(varying, before, step).inside
            assert dense is not None
            y = value_inside(replay.setup.solver, dense, at)
            return call_fn(wanted.fn, replay.setup.real(at), y, problem.args)

        def back(state: tuple[IntScalar, Any]) -> tuple[IntScalar, Any]:
            left, (inputs, sources) = state
            rows = left - jnp.arange(size, dtype=jnp.int32)
            due, rows = inside(rows), jnp.maximum(rows, 0)
            places = jnp.searchsorted(section.steps.end, output.ts[rows], side="left")
            places = jnp.minimum(places, section.indices.shape[0] - 1)
            before, step = jax.tree.map(lambda x: x[places], (section.befores, section.steps))
            values, pull = jax.vjp(
                lambda varying, before: jax.vmap(lambda b, s, r: value(varying, b, s, r))(before, step, rows),
                replay.varying,
                before,
            )

            def cotangent(g: Array, v: Array) -> Array:
                return jnp.where(due.reshape(due.shape + (1,) * (v.ndim - 1)), g[rows], 0)

            change, more = pull(filled(replay.outcome.saved[i], values, cotangent))
            sources = jax.tree.map(lambda s, m: s.at[places].add(m), sources, more)
            return left - jnp.sum(due, dtype=jnp.int32), (tree.add(inputs, change), sources)

        return jax.lax.while_loop(lambda s: any_lane(inside(s[0][None])[0]), back, (left, carry))


def _unless(there: Array, step: Recorded) -> tuple[Array, IntScalar]:
    """Start and cause of a step, those of an empty one behind the last step of the tape."""
    return jnp.where(there, step.start, step.end), jnp.where(there, step.cause, -1)


def _recursion(jacobians: Array, sources: Links, after: Links) -> tuple[Links, Links]:
    """The cotangent of what reaches the first step, and of what each step hands on."""
    _, unflatten = ravel_pytree(after)
    flat_sources = jax.vmap(lambda s: ravel_pytree(s)[0])(sources)

    def back(later: Array, step: tuple[Array, Array]) -> tuple[Array, Array]:
        jacobian, source = step
        return jacobian @ later + source, later

    first, each = jax.lax.scan(back, ravel_pytree(after)[0], (jacobians, flat_sources), reverse=True)
    return unflatten(first), jax.vmap(unflatten)(each)
