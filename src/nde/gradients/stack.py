"""The states at hand in a backward sweep: those of the tape, and those computed again on the way."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from nde.core import tree
from nde.core.count import count_down_if, count_if
from nde.core.types import BoolScalar, IntScalar
from nde.integrate.recorders import Tape
from nde.solvers import StepStart


class Stack(eqx.Module):
    """States of ascending steps, the last on top.

    Attributes:
        steps: The step of each state, of shape `(slots + 1,)`.
        order: The row of each state; `None` if each is in its own.
        states: What they start from, of `slots + 1` rows; that of the one above the top is scratch.
        height: How many states there are.
    """

    steps: Array
    order: Array | None
    states: StepStart
    height: IntScalar

    @property
    def free(self) -> IntScalar:
        """How many more states there is room for."""
        return self.steps.shape[0] - 1 - self.height

    def push(self, step: IntScalar, state: StepStart, keep: BoolScalar) -> "Stack":
        """One more state if `keep`, for which there must be room."""
        return Stack(
            steps=tree.set_row(self.steps, self.height, step),
            order=self.order,
            states=tree.set_row(self.states, self._row(self.height), state),
            height=count_if(self.height, keep),
        )

    def top(self) -> tuple[IntScalar, StepStart]:
        """The last state and its step."""
        return self.steps[self.height - 1], tree.row(self.states, self._row(self.height - 1))

    def without(self, step: IntScalar) -> "Stack":
        """The stack without its top if that is of this step."""
        return eqx.tree_at(lambda s: s.height, self, count_down_if(self.height, self.steps[self.height - 1] == step))

    def _row(self, place: IntScalar) -> IntScalar:
        return place if self.order is None else self.order[place]


def stack_of(tape: Tape) -> Stack:
    """The states of a tape."""
    steps = jnp.arange(tape.slots + 1, dtype=jnp.int32) << tape.shift
    return Stack(steps=steps, order=tape.order, states=tape.states, height=tape.kept.astype(jnp.int32))
