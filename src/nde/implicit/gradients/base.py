"""What a method of differentiating a fixed point is."""

import abc

import equinox as eqx
import jax

from nde.core import tree
from nde.implicit.problem import FixedPoint
from nde.roots.iteration import Iterate
from nde.roots.members import Rows


class AbstractFixedPointGradient(eqx.Module):
    """A method of differentiating a fixed point. It does not change the value.

    Example:
        ```python
        import nde

        assert isinstance(nde.implicit.ImplicitGradient(), nde.implicit.AbstractFixedPointGradient)
        ```
    """

    @abc.abstractmethod
    def solve(self, problem: FixedPoint) -> tuple[Iterate, Rows]:
        """The end of the iteration, and its best point with the derivative."""


def solve_plainly(problem: FixedPoint) -> Iterate:
    """The end of the iteration, a constant."""
    fixed = tree.constant(problem)
    return tree.constant(fixed.iteration.run(fixed.x0))


def with_derivative_of(value: Rows, other: Rows) -> Rows:
    """The value, with the derivatives of another."""
    return value + (other - jax.lax.stop_gradient(other))
