"""When an iteration has converged."""

import abc
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool

from nde.core.types import BoolScalar, RealScalar
from nde.roots.members import OfMembers, Rows, norm_of

Which = Bool[Array, " members"]


class AbstractCriterion(eqx.Module):
    """A rule that ends an iteration; all norms are root mean squares over the numbers of a member.

    Attributes:
        rtol: Relative tolerance.
        atol: Absolute tolerance.
    """

    rtol: RealScalar
    atol: RealScalar
    largest_growth: ClassVar[float]
    """So many times the lowest residual is divergence."""

    @property
    def valid(self) -> BoolScalar:
        """Whether the tolerances are not negative, and not both zero."""
        rtol, atol = jnp.asarray(self.rtol), jnp.asarray(self.atol)
        return (rtol >= 0) & (atol >= 0) & ((rtol > 0) | (atol > 0))

    @abc.abstractmethod
    def start(self, x: Rows, h: Rows) -> Which:
        """Whether the first point will do."""

    @abc.abstractmethod
    def reached(self, x: Rows, h: Rows, moved: OfMembers, moved_before: OfMembers) -> Which:
        """Whether the last point will do.

        Args:
            x: The last point.
            h: The residual there.
            moved: How far the last step went.
            moved_before: How far the step before went.
        """

    @abc.abstractmethod
    def stalled(self, x: Rows, norm: OfMembers, moved: OfMembers, slack: float) -> Which:
        """Whether what should become small is so by `slack` machine epsilons already.

        Args:
            x: The last point.
            norm: That of the residual.
            moved: How far the last step went.
            slack: How many epsilons.
        """

    def _bound(self, size: OfMembers) -> OfMembers:
        return jnp.asarray(self.atol, size.dtype) + jnp.asarray(self.rtol, size.dtype) * size


class SmallResidual(AbstractCriterion):
    """A fixed point: `|f(x) - x| <= atol + rtol |f(x)|`."""

    largest_growth: ClassVar[float] = 1e6

    def start(self, x: Rows, h: Rows) -> Which:
        """The same rule."""
        return norm_of(h) <= self._bound(norm_of(x + h))

    def reached(self, x: Rows, h: Rows, moved: OfMembers, moved_before: OfMembers) -> Which:
        """The rule."""
        del moved, moved_before
        return self.start(x, h)

    def stalled(self, x: Rows, norm: OfMembers, moved: OfMembers, slack: float) -> Which:
        """Whether the residual is that small beside `x`."""
        del moved
        return norm <= slack * _epsilon(norm) * norm_of(x)


class SmallStep(AbstractCriterion):
    """A root: a step of at most `atol + rtol |x|`, or a residual of zero.

    Steps that shrink slowly, by a factor `q` each, leave an error of `q / (1 - q)` steps, which is counted.
    """

    largest_growth: ClassVar[float] = float("inf")  # Newton's method may go far before it converges

    def start(self, x: Rows, h: Rows) -> Which:
        """A residual of zero."""
        del x
        return jnp.all(h == 0, axis=1)

    def reached(self, x: Rows, h: Rows, moved: OfMembers, moved_before: OfMembers) -> Which:
        """The rule."""
        bound = self._bound(norm_of(x))
        rate = moved / moved_before
        slow = rate > 0.5
        error = jnp.where(slow, moved * rate / jnp.maximum(1 - rate, _epsilon(rate)), moved)
        rounded = moved <= _ROUNDED * _epsilon(moved) * norm_of(x)
        return self.start(x, h) | (error <= bound) | (rounded & (moved <= bound))

    def stalled(self, x: Rows, norm: OfMembers, moved: OfMembers, slack: float) -> Which:
        """Whether the step is that small beside `x`."""
        del norm
        return moved <= slack * _epsilon(moved) * norm_of(x)


_ROUNDED = 8.0
"""Of steps of so many machine epsilons the ratio says nothing."""


def _epsilon(x: Array) -> float:
    return float(jnp.finfo(x.dtype).eps)
