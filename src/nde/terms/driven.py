"""A term that one path drives."""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.core.types import Args, BoolScalar, IntScalar, RealScalar, Time, Y
from nde.paths import AbstractPath
from nde.terms.base import VF, AbstractTerm, Control
from nde.terms.product import value_of


class AbstractDrivenTerm(AbstractTerm[VF, Control]):
    """A vector field and the path that drives it."""

    path: eqx.AbstractVar[AbstractPath]

    @property
    def knots(self) -> tuple[Array, ...]:
        """Those of the path."""
        return () if self.path.knots is None else (self.path.knots,)

    @property
    def tabulates(self) -> bool:
        """As the path."""
        return self.path.tabulates

    @abc.abstractmethod
    def closed(self, t: RealScalar, y: Y, args: Args) -> "AbstractDrivenTerm":
        """The term with its functions traced once."""

    @abc.abstractmethod
    def within(self, low: Time, high: Time) -> "AbstractDrivenTerm":
        """The term whose vector field is not evaluated before `low` or behind `high`."""

    def contr(self, t0: RealScalar, t1: RealScalar) -> PyTree[Any]:
        """The increment of the path from `t0` to `t1`."""
        return self.path.evaluate(t0, t1)

    def backward(self, drive: PyTree[Any], stages: int) -> PyTree[Any]:
        """Minus the increment over the step."""
        del stages
        return jax.tree.map(jnp.negative, value_of(drive))

    def begin(
        self, t0: RealScalar, step: IntScalar | int = 0, may_reject: bool = False, forward: BoolScalar | bool = True
    ) -> PyTree[Any]:
        """The path's state before a step; see `AbstractPath.begin`."""
        return self.path.begin(t0, step, may_reject, forward)

    def redrawable(self, may_reject: bool) -> bool:
        """Whether the drive of a step can be made again; see `AbstractPath.redrawable`."""
        return self.path.redrawable(may_reject)

    def prepare(
        self,
        t: RealScalar,
        end: RealScalar,
        h: RealScalar,
        nodes: tuple[float, ...],
        needs: frozenset[str],
        path_state: PyTree[Any],
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """The drive of a step and the path's next state; see `AbstractPath.prepare`."""
        return self.path.prepare(t, h if self.path.by_length else end - t, nodes, needs, path_state)

    def commit(self, accepted: BoolScalar, old: PyTree[Any], new: PyTree[Any]) -> PyTree[Any]:
        """The path's state after the step was accepted or rejected; see `AbstractPath.commit`."""
        return self.path.commit(accepted, old, new)

    def max_step(self, t: RealScalar, path_state: PyTree[Any]) -> Float[Array, ""] | None:
        """How long the next step may be; see `AbstractPath.max_step`."""
        return self.path.max_step(t, path_state)
