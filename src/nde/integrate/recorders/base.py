"""What every recorder is."""

import abc
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core import tree
from nde.core.types import BoolScalar, IntScalar, Time
from nde.integrate.problem import Differentiable, Setup
from nde.solvers import StepOut, StepStart
from nde.stepping import Span


class Attempt(eqx.Module):
    """A step as a recorder sees it.

    Attributes:
        step: Its start, end and length in loop time.
        cause: What ended it; `None` if there are no landmarks.
        start: What it starts from.
        out: What the solver made of it.
        drive: What the stages saw of the path.
        accepted: Whether it counts, in this lane.
        index: How many steps this lane accepted before.
    """

    step: Span
    cause: IntScalar | None
    start: StepStart
    out: StepOut
    drive: PyTree[Any]
    accepted: BoolScalar
    index: IntScalar

    @property
    def recorded_end(self) -> Time:
        """The end of the step, or its start if it does not count."""
        return jnp.where(self.accepted, self.step.end, self.step.start)

    @property
    def recorded_drive(self) -> PyTree[Any]:
        """What its stages saw of the path, or zero if it does not count."""
        return tree.where(self.accepted, self.drive, tree.zeros_like(self.drive))


class AbstractRecorder(eqx.Module):
    """Remembers what was asked for. `write` runs in every iteration; `flush` empties a store that is full."""

    @abc.abstractmethod
    def init(self, problem: Differentiable, setup: Setup) -> PyTree[Any]:
        """An empty store."""

    @abc.abstractmethod
    def write(self, problem: Differentiable, setup: Setup, store: PyTree[Any], attempt: Attempt) -> PyTree[Any]:
        """The store after an attempted step."""

    def full(self, store: PyTree[Any]) -> BoolScalar | None:
        """Whether the store must be emptied before the next step, the same in all lanes; `None` for never."""
        del store
        return None

    def flush(self, problem: Differentiable, setup: Setup, store: PyTree[Any]) -> PyTree[Any]:
        """The store with room for more steps."""
        del problem, setup
        return store

    @abc.abstractmethod
    def finish(self, store: PyTree[Any]) -> PyTree[Any]:
        """What was recorded, after the last flush."""
