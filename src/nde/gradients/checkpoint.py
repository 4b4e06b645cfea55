"""Discretize-then-optimize with checkpoints: the default."""

from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, PyTree

from nde.core.chunks import in_chunks
from nde.gradients.base import AbstractAdjoint, with_step_bound
from nde.gradients.inputs import Inputs
from nde.gradients.modes import reverse_mode_once, reverse_mode_only
from nde.gradients.primitive import Levels, Rules, differentiable
from nde.gradients.replay import Replay
from nde.gradients.sensitivity import contract_jacobian, solve_with_jacobian, suits_jacobian
from nde.gradients.stack import stack_of
from nde.gradients.starts import KeptStarts, RecomputedStarts
from nde.gradients.steps import steps_of
from nde.gradients.tape_size import make_tape_recorder
from nde.integrate.outcome import Outcome, solve_plainly, solve_recorded
from nde.integrate.problem import Differentiable, Setup


class RecursiveCheckpointAdjoint(AbstractAdjoint):
    """The exact gradient of the discretized solve, in memory that grows with the root of the number of steps.

    The forward pass records the grid and keeps some of its states. The backward pass replays each accepted step once,
    with its known size, restoring the states that were not kept. With `k` kept states a solve of fewer than `k` steps
    costs no extra work, one of up to `k^2 / 8` steps at most one more forward pass, and, if `k` is at least 8, one of
    up to `k^2` steps 2.1 and one of up to `4 k^2` steps 3.3 more.

    Reverse mode only: for `jax.jvp` and `jax.jacfwd` pass `ForwardMode`. Forward-over-reverse works, for Hessians.

    Attributes:
        checkpoints: How many states to keep; by default at most 512 (2,048 along interpolated data), fewer if they are
            large, never fewer than twice the root of `max_steps`.
        memory: Instead, the bytes that the grid and the kept states may take; as many states are kept as fit. States
            are those of a whole batch that is solved as one; under `vmap` it is the bytes of each element of the batch.
            A gradient also takes what the pull-back of a single step does: see `nde.compiled_memory`.

    Raises:
        ValueError: If `checkpoints` or `memory` is below one, or both are given; in reverse mode, if `memory` does not
            suffice for the grid of `max_steps` steps and one state, or if `max_steps` is `None` and neither is given.
            With `max_steps=None` the grid of the first 1,048,576 steps is recorded, and a solve that takes more ends as
            one that has reached `max_steps`.

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
    memory: int | None = eqx.field(default=None, static=True)

    def __check_init__(self) -> None:
        if self.checkpoints is not None and self.memory is not None:
            raise ValueError(
                "`RecursiveCheckpointAdjoint` got `checkpoints` and `memory`; pass how many states to keep, or how "
                "many bytes they may take."
            )
        for name, value in (("checkpoints", self.checkpoints), ("memory", self.memory)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | np.integer)):
                raise TypeError(f"`RecursiveCheckpointAdjoint` got `{name}={value!r}`; expected a whole number.")
        if self.checkpoints is not None and self.checkpoints < 1:
            raise ValueError(
                f"`RecursiveCheckpointAdjoint` got `checkpoints={self.checkpoints}`; expected at least one state kept."
            )
        if self.memory is not None and self.memory < 1:
            raise ValueError(f"`RecursiveCheckpointAdjoint` got `memory={self.memory}`; expected bytes, such as 2**20.")

    @property
    def unbound(self) -> bool:
        """Whether neither is given."""
        return self.checkpoints is None and self.memory is None

    def solve(self, problem: Differentiable, setup: Setup) -> Outcome:
        """The solve, with a reverse mode of its own."""
        rules = Rules(_plainly, self._forward, self._backward)
        return differentiable(rules, reverse_mode_only(problem, type(self).__name__), setup)

    def _by_jacobian(self, problem: Differentiable, setup: Setup, wanted: PyTree[bool]) -> bool:
        """Whether the derivatives are carried along with the solve."""
        return self.unbound and suits_jacobian(problem, setup, wanted)

    def _forward(
        self, problem: Differentiable, setup: Setup, wanted: PyTree[bool]
    ) -> tuple[Outcome, tuple[PyTree[Any], Outcome]]:
        if self._by_jacobian(problem, setup, wanted):
            outcome, record = solve_with_jacobian(problem, setup, wanted)
        elif setup.most_steps is None and self.unbound:
            raise ValueError(
                "Got `max_steps=None` in reverse mode; `RecursiveCheckpointAdjoint` must know how much to store. "
                "Pass `max_steps=...`, or `adjoint=nde.RecursiveCheckpointAdjoint(checkpoints=...)` or `(memory=...)`."
            )
        else:
            setup = with_step_bound(setup)
            recorder = make_tape_recorder(problem, setup, self.checkpoints, self.memory)
            outcome, record = solve_recorded(problem, setup, recorder)
        return reverse_mode_once(outcome, type(self).__name__), (record, outcome)

    def _backward(
        self,
        problem: Differentiable,
        setup: Setup,
        wanted: PyTree[bool],
        kept: tuple[PyTree[Any], Outcome],
        cotangent: Outcome,
        levels: Levels,
    ) -> PyTree[Array | None]:
        record, outcome = kept
        inputs = Inputs(*eqx.partition(problem, wanted), setup)
        if self._by_jacobian(problem, setup, wanted):
            return reverse_mode_once(contract_jacobian(record, cotangent, inputs.varying), type(self).__name__)
        steps = steps_of(inputs, record.grid, cotangent.saved)
        stack = stack_of(record)
        starts = KeptStarts(stack) if record.slots >= record.grid.ends.shape[0] else RecomputedStarts(stack)
        return reverse_mode_once(Replay(steps, outcome, cotangent, levels).run(starts), type(self).__name__)


def _plainly(problem: Differentiable, setup: Setup) -> Outcome:
    """The solve without a gradient; many lanes of a cheap one run in chunks."""
    if setup.costly or not setup.meter.silent:
        return solve_plainly(problem, setup)
    return in_chunks(lambda parts: solve_plainly(*parts), (problem, setup))
