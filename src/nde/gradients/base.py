"""What a method of differentiation is."""

import abc

import equinox as eqx

from nde.integrate.outcome import Outcome
from nde.integrate.problem import Differentiable, Setup


class AbstractAdjoint(eqx.Module):
    """Runs the loop of a solve in a way that it can be differentiated.

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
