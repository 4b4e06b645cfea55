"""What a method of differentiation is."""

import abc
import dataclasses

import equinox as eqx

from nde.integrate.outcome import Outcome
from nde.integrate.problem import Differentiable, Setup

_UNBOUNDED = 2**20
"""Steps whose grid is recorded when `max_steps` is `None`."""


class AbstractAdjoint(eqx.Module):
    """A method of differentiating a solve.

    In every method the step sizes that a controller chose are constants: the derivative is that of the discretized
    solve on the grid that was taken.

    Example:
        ```python
        import nde

        assert isinstance(nde.RecursiveCheckpointAdjoint(), nde.AbstractAdjoint)
        ```
    """

    @abc.abstractmethod
    def solve(self, problem: Differentiable, setup: Setup) -> Outcome:
        """The outcome of the solve."""


def with_step_bound(setup: Setup) -> Setup:
    """The setup with a bound on the number of steps, so that there can be room for a record of them."""
    return setup if setup.most_steps is not None else dataclasses.replace(setup, max_steps=_UNBOUNDED)
