"""A term: a vector field, the path that drives it, and their product."""

import abc
from typing import Any

import equinox as eqx
from jaxtyping import PyTree

from nde.core.types import Args, BoolScalar, RealScalar, Y
from nde.paths import AbstractPath


class AbstractTerm(eqx.Module):
    """One summand of `dy = f(t, y) dX`.

    A method of Runge-Kutta type sees a term through two numbers: the *slope* of a stage, and the *scale* by which
    weighted slopes change the state. For an ODE they are `f(t, y)` and the step size; for a control they are the
    increment `f(t, y) dX` and one.

    Example:
        ```python
        import nde

        term = nde.ODETerm(lambda t, y, args: -y)
        assert isinstance(term, nde.AbstractTerm)
        ```
    """

    path: eqx.AbstractVar[AbstractPath]

    @abc.abstractmethod
    def vf(self, t: RealScalar, y: Y, args: Args) -> PyTree[Any]:
        """The vector field."""

    @abc.abstractmethod
    def prod(self, vf: PyTree[Any], control: PyTree[Any]) -> Y:
        """The product of the vector field with an increment of the control."""

    @abc.abstractmethod
    def slope(self, t: RealScalar, y: Y, args: Args, drive: PyTree[Any], stage: int) -> Y:
        """The direction in which stage number `stage` moves the state."""

    @abc.abstractmethod
    def scale(self, drive: PyTree[Any]) -> RealScalar:
        """The factor of a weighted sum of slopes."""

    def contr(self, t0: RealScalar, t1: RealScalar) -> PyTree[Any]:
        """The increment of the control from `t0` to `t1`."""
        return self.path.evaluate(t0, t1)

    def vf_prod(self, t: RealScalar, y: Y, args: Args, control: PyTree[Any]) -> Y:
        """The product of the vector field at `(t, y)` with an increment of the control."""
        return self.prod(self.vf(t, y, args), control)

    @abc.abstractmethod
    def closed(self, t: RealScalar, y: Y, args: Args) -> "AbstractTerm":
        """The term with its functions closure-converted: what they captured becomes part of the term."""

    def begin(self, t0: RealScalar) -> PyTree[Any]:
        """The path's place before the first step."""
        return self.path.begin(t0)

    def prepare(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], needs: frozenset[str], place: PyTree[Any]
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """The drive of a step and the path's next place; see `AbstractPath.prepare`."""
        return self.path.prepare(t, h, nodes, needs, place)

    def commit(self, accepted: BoolScalar, old: PyTree[Any], new: PyTree[Any]) -> PyTree[Any]:
        """The path's place after the step was judged."""
        return self.path.commit(accepted, old, new)
