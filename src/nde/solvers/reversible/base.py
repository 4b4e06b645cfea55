"""What a reversible solver is."""

import abc
from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import PyTree

from nde.core.types import Args, RealScalar, Y
from nde.solvers.base import AbstractSolver
from nde.terms import AbstractTerm


class StepIn(eqx.Module):
    """What a step started from.

    Attributes:
        y: The state.
        state: The solver's state.
        cache: The solver's cache.
    """

    y: Y
    state: PyTree[Any]
    cache: PyTree[Any]


class AbstractReversibleSolver(AbstractSolver):
    """A method whose steps can be taken back by a formula, up to rounding, so that a gradient need keep no states.

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
        y: Y,
        args: Args,
        state: PyTree[Any],
        cache: PyTree[Any],
        drive: PyTree[Any],
        earlier: PyTree[Any],
        t: RealScalar,
        h: RealScalar,
    ) -> StepIn:
        """What the step from `t` to `t + h` started from.

        Args:
            terms: The right-hand side.
            y: The state at `t + h`.
            args: The user's arguments.
            state: The solver's state there.
            cache: The solver's cache there.
            drive: What drove the step.
            earlier: What drove the step before, for multistep methods.
            t: Start of the step.
            h: Its size.
        """
