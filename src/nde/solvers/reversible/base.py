"""The interface of reversible solvers."""

import abc
from typing import Any, ClassVar

from jaxtyping import PyTree

from nde.core.types import Args, RealScalar
from nde.solvers.base import AbstractSolver, StepStart
from nde.terms import AbstractTerm


class AbstractReversibleSolver(AbstractSolver):
    """A reversible method: its steps can be inverted up to rounding, so that a gradient need not store states.

    Example:
        ```python
        import nde

        assert isinstance(nde.ReversibleHeun(), nde.AbstractReversibleSolver)
        assert not isinstance(nde.Heun(), nde.AbstractReversibleSolver)
        ```
    """

    multistep: ClassVar[bool] = False
    """Whether a step depends on what drove the step before."""

    @abc.abstractmethod
    def unstep(
        self,
        terms: AbstractTerm,
        end: StepStart,
        args: Args,
        drive: PyTree[Any],
        earlier: PyTree[Any],
        t: RealScalar,
        h: RealScalar,
    ) -> StepStart:
        """What the step from `t` to `t + h` started from.

        Args:
            terms: The right-hand side.
            end: What the next step starts from, at `t + h`.
            args: The user's arguments.
            drive: What drove the step.
            earlier: What drove the step before, for multistep methods.
            t: Start of the step.
            h: Its size.
        """
