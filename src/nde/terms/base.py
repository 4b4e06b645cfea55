"""A term: a vector field, what drives it, and their product."""

import abc
from typing import Any, Generic, TypeVar

import equinox as eqx
from jaxtyping import Array, Float, PyTree

from nde.core.types import Args, BoolScalar, IntScalar, RealScalar, Time, Y

VF = TypeVar("VF")
"""What a vector field returns."""

Control = TypeVar("Control")
"""What its control has as increments."""


class AbstractTerm(eqx.Module, Generic[VF, Control]):
    """A right-hand side `f(t, y) dX`, or a sum of such.

    A method of Runge-Kutta type evaluates the vector field, and makes two things of it and of what drives the step: the
    *slope* of a stage, and the *scale* by which weighted slopes change the state. For an ODE they are `f(t, y)` and the
    step size; for a control they are the increment `f(t, y) dX` and one. The value of the vector field does not depend
    on what drives a step, so the next step can use it again, even where the control has a kink.

    `begin`, `prepare`, `commit`, `max_step`, `redrawable`, `knots` and `tabulates` are those of the path of the
    term; see `AbstractPath`.

    Example:
        ```python
        import nde

        term = nde.ODETerm(lambda t, y, args: -y)
        assert isinstance(term, nde.AbstractTerm)
        ```
    """

    @property
    def noisy(self) -> bool:
        """Whether the term is driven by noise."""
        return False

    @property
    def knots(self) -> tuple[Array, ...]:
        """Times at which adaptive steps have to end, an array for each path that has such."""
        return ()

    @property
    def tabulates(self) -> bool:
        """Whether the drives of all steps of a known grid are better made at once."""
        return False

    @abc.abstractmethod
    def vf(self, t: RealScalar, y: Y, args: Args) -> PyTree[Any]:
        """The vector field."""

    @abc.abstractmethod
    def contr(self, t0: RealScalar, t1: RealScalar) -> PyTree[Any]:
        """The increment of the control from `t0` to `t1`."""

    @abc.abstractmethod
    def prod(self, vf: PyTree[Any], control: PyTree[Any]) -> Y:
        """The product of the vector field with an increment of the control."""

    @abc.abstractmethod
    def applied(self, vf: PyTree[Any], y: Y, control: PyTree[Any]) -> Y:
        """A value of the vector field times an increment of the control, for a state shaped as `y`."""

    @abc.abstractmethod
    def vf_prod(self, t: RealScalar, y: Y, args: Args, control: PyTree[Any]) -> Y:
        """The product of the vector field at `(t, y)` with an increment of the control."""

    @abc.abstractmethod
    def derivative(self, t: RealScalar, y: Y, args: Args) -> Y:
        """The derivative of the state in time, by which a first step is chosen; with noise an estimate of its size."""

    @abc.abstractmethod
    def slope(self, vf: PyTree[Any], y: Y, drive: PyTree[Any], stage: int) -> Y:
        """The direction in which a value of the vector field, at stage number `stage`, moves a state shaped as `y`."""

    @abc.abstractmethod
    def scale(self, drive: PyTree[Any]) -> RealScalar:
        """The factor of a weighted sum of slopes."""

    @abc.abstractmethod
    def closed(self, t: RealScalar, y: Y, args: Args) -> "AbstractTerm":
        """The term with its functions traced once: what they captured becomes part of the term."""

    @abc.abstractmethod
    def within(self, low: Time, high: Time) -> "AbstractTerm":
        """The term whose vector fields are not evaluated before `low` or behind `high`."""

    @abc.abstractmethod
    def begin(
        self, t0: RealScalar, step: IntScalar | int = 0, may_reject: bool = False, forward: BoolScalar | bool = True
    ) -> PyTree[Any]:
        """The path's state before a step."""

    @abc.abstractmethod
    def redrawable(self, may_reject: bool) -> bool:
        """Whether the drive of a step can be made again."""

    @abc.abstractmethod
    def prepare(
        self,
        t: RealScalar,
        end: RealScalar,
        h: RealScalar,
        nodes: tuple[float, ...],
        needs: frozenset[str],
        path_state: PyTree[Any],
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """The drive of a step and the path's next state.

        Args:
            t: Start of the step.
            end: Its end.
            h: Its length: `end - t` but for rounding, which is of no account far from time zero.
            nodes: The stages' times as fractions of the step.
            needs: What the solver needs beyond increments.
            path_state: The path's state before the step.
        """

    @abc.abstractmethod
    def commit(self, accepted: BoolScalar, old: PyTree[Any], new: PyTree[Any]) -> PyTree[Any]:
        """The path's state after the step was accepted or rejected."""

    @abc.abstractmethod
    def max_step(self, t: RealScalar, path_state: PyTree[Any]) -> Float[Array, ""] | None:
        """How long the next step may be."""

    @abc.abstractmethod
    def backward(self, drive: PyTree[Any], stages: int) -> PyTree[Any]:
        """The drive of the same step walked backward, whose stages are those of `drive` after the first `stages`."""
