"""Discretize-then-optimize with checkpoints: the default."""

import dataclasses
import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core import tree
from nde.gradients.base import AbstractAdjoint
from nde.gradients.batched import BatchedReplay
from nde.gradients.replay import Links, Replay
from nde.integrate.outcome import Outcome, solve_plainly, solve_taped
from nde.integrate.problem import Differentiable, Setup
from nde.integrate.recorders import AbstractRecorder, SectionRecorder, Tape, TapeRecorder

_STATES = 512
"""Most states that are kept by default."""
_BYTES = 4 * 2**20
"""Bytes that the kept states may take by default, if that leaves enough of them."""
_SMALL = 8
"""Most real numbers in the state of a small system."""
_SHIFT = 6
"""Sections of a small system's solve have two to this power steps."""
_UNBOUNDED = 2**20
"""Steps whose grid is recorded when `max_steps` is `None`."""


class RecursiveCheckpointAdjoint(AbstractAdjoint):
    """The exact gradient of the discretized solve, in memory that grows with the root of the number of steps.

    The forward pass records the grid and keeps some of its states. The backward pass replays each accepted step once,
    with its known size, restoring the states that were not kept. With `k` kept states a solve of up to `k` steps
    costs no extra work, one of up to `k^2 / 8` steps at most one more forward pass, and longer ones a few.

    Reverse mode only: for `jax.jvp` and `jax.jacfwd` pass `ForwardMode`. Forward-over-reverse works, for Hessians.

    Attributes:
        checkpoints: How many states to keep; by default at most 512, fewer if they are large, never fewer than twice
            the root of `max_steps`.

    Raises:
        ValueError: If `checkpoints` is below one; in reverse mode, if `max_steps` is `None` and `checkpoints` is not
            given. With `max_steps=None` the grid of the first 1,048,576 steps is recorded, and a solve that takes
            more ends as one that has reached `max_steps`.

    Source for checkpointing: Griewank and Walther, *Algorithm 799: revolve* (2000), doi:10.1145/347837.347846.

    Example:
        ```python
        import jax
        import nde

        def loss(y0):
            term = nde.ODETerm(lambda t, y, args: -y)
            adjoint = nde.RecursiveCheckpointAdjoint(checkpoints=10)
            return nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, 0.01, y0, adjoint=adjoint).ys[0]

        print(jax.grad(loss)(1.0))
        ```
    """

    checkpoints: int | None = eqx.field(default=None, static=True)

    def __check_init__(self) -> None:
        if self.checkpoints is not None and self.checkpoints < 1:
            raise ValueError(
                f"`RecursiveCheckpointAdjoint` got `checkpoints={self.checkpoints}`; it wants at least one state kept."
            )

    def solve(self, problem: Differentiable, setup: Setup) -> Outcome:
        """The solve, with a reverse mode of its own."""
        return _solve(problem, tree.constant(setup), self.checkpoints)


@eqx.filter_custom_vjp
def _solve(problem: Differentiable, setup: Setup, checkpoints: int | None) -> Outcome:
    del checkpoints
    return solve_plainly(problem, setup)


@_solve.def_fwd
def _forward(
    perturbed: PyTree[bool], problem: Differentiable, setup: Setup, checkpoints: int | None
) -> tuple[Outcome, tuple[Tape, Outcome]]:
    del perturbed
    if setup.max_steps is None:
        if checkpoints is None:
            raise ValueError(
                "Got `max_steps=None` in reverse mode; `RecursiveCheckpointAdjoint` wants to know how much to keep. "
                "Pass `max_steps=...`, or `adjoint=nde.RecursiveCheckpointAdjoint(checkpoints=...)`."
            )
        setup = dataclasses.replace(setup, max_steps=_UNBOUNDED)
    assert setup.max_steps is not None
    recorder = _recorder(problem, setup, checkpoints)
    outcome, tape = solve_taped(problem, setup, recorder)
    return outcome, (tape, outcome)


@_solve.def_bwd
def _backward(
    residuals: tuple[Tape, Outcome],
    cotangent: Outcome,
    perturbed: PyTree[bool],
    problem: Differentiable,
    setup: Setup,
    checkpoints: int | None,
) -> Any:
    tape, outcome = residuals
    varying, fixed = eqx.partition(problem, perturbed)
    replay = Replay(varying, fixed, setup, tape, cotangent, outcome.t, outcome.accepted)
    last = Links(outcome.t, outcome.y, outcome.solver_state)
    if is_small(problem, setup, checkpoints):
        return pull_small(replay, last)
    return replay.run(last, more=0, all_kept=tape.slots >= tape.ends.shape[0])


def pull_small(replay: Replay, last: Links) -> PyTree[Any]:
    """The pull-back of a small system: many steps at a time, or one after the other where there are many lanes."""
    arrays, static = eqx.partition((replay, last), eqx.is_array)

    @jax.custom_batching.custom_vmap
    def pull(arrays: PyTree[Any]) -> PyTree[Any]:
        replay, last = eqx.combine(arrays, static)
        return BatchedReplay(replay, _SHIFT).run(last)

    @pull.def_vmap
    def _(size: int, batched: PyTree[bool], arrays: PyTree[Any]) -> tuple[PyTree[Any], PyTree[bool]]:
        def lane(arrays: PyTree[Any]) -> PyTree[Any]:
            replay, last = eqx.combine(arrays, static)
            return replay.run(last, more=1 << _SHIFT, all_kept=False)

        (axes,) = batched
        axes = jax.tree.map(lambda b: 0 if b else None, axes)
        out = jax.vmap(lane, in_axes=(axes,), axis_size=size)(arrays)
        return out, jax.tree.map(lambda _: True, out)

    return pull(arrays)


def is_small(problem: Differentiable, setup: Setup, checkpoints: int | None) -> bool:
    """Whether the overhead of a step outweighs its arithmetic: a cheap vector field and a few real numbers."""
    leaves = jax.tree.leaves((problem.y0, problem.solver_state))
    real = all(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in leaves)
    return checkpoints is None and not setup.costly and real and sum(leaf.size for leaf in leaves) <= _SMALL


def _recorder(problem: Differentiable, setup: Setup, checkpoints: int | None) -> AbstractRecorder:
    """The tape of a solve: as many states as were asked for, or as a few megabytes hold."""
    assert setup.max_steps is not None
    if is_small(problem, setup, checkpoints):
        return SectionRecorder(setup.max_steps, _SHIFT)
    if checkpoints is None:
        state = tree.nbytes((problem.y0, problem.solver_state))
        least = 2 * math.ceil(math.sqrt(setup.max_steps))
        checkpoints = max(least, min(_STATES, _BYTES // max(1, state)))
    return TapeRecorder(setup.max_steps, slots=min(setup.max_steps, checkpoints))
