"""How many states the tape of a solve has room for."""

import math

import jax

from nde.core import tree
from nde.integrate.problem import Differentiable, Setup
from nde.integrate.recorders import TapeRecorder
from nde.integrate.start import taped_shape

_STATES, _STATES_ALONG_DATA = 512, 2048
"""Most states that are kept by default; more along data, whose knots make many steps."""
_BYTES, _BYTES_WITH_NOISE = 4 * 2**20, 64 * 2**20
"""Bytes that the kept states may take by default, if that leaves enough of them; noise costs more to draw again."""


def make_tape_recorder(
    problem: Differentiable, setup: Setup, checkpoints: int | None, memory: int | None
) -> TapeRecorder:
    """A tape for as many states as were asked for, as so many bytes hold, or as a few megabytes do.

    Raises:
        ValueError: If the bytes do not suffice for one.
    """
    steps = setup.most_steps
    assert steps is not None
    if memory is not None:
        checkpoints = _fitting(problem, setup, steps, memory)
    elif checkpoints is None:
        checkpoints = _by_default(problem, setup, steps)
    return TapeRecorder(steps, slots=min(steps, checkpoints))


def _by_default(problem: Differentiable, setup: Setup, steps: int) -> int:
    state = tree.nbytes(taped_shape(problem, setup))
    least = 2 * math.ceil(math.sqrt(steps))
    affordable = (_BYTES_WITH_NOISE if problem.term.noisy else _BYTES) // max(1, state)
    return max(least, min(_STATES_ALONG_DATA if problem.term.tabulates else _STATES, affordable))


def _fitting(problem: Differentiable, setup: Setup, steps: int, memory: int) -> int:
    def taken(slots: int) -> int:
        tape = jax.eval_shape(lambda: TapeRecorder(steps, slots).init(problem, setup))
        return tree.nbytes(tape) + 4 * (slots + 1)  # with the step of each state, when going backward

    one = taken(1)
    if memory < one:
        raise ValueError(
            f"`RecursiveCheckpointAdjoint` got `memory={memory:,}`; the grid of `max_steps={steps:,}` and one state "
            f"take {one:,} bytes. Pass more, fewer `max_steps`, or `adjoint=nde.ReversibleAdjoint()`."
        )
    return 1 + (memory - one) // max(1, taken(2) - one)
