"""Time and noise as one control."""

from typing import Any, ClassVar

from jaxtyping import Array, Float, PyTree

from nde.core.types import BoolScalar, IntScalar, RealScalar
from nde.paths import AbstractPath, BrownianMotion


class Clocked(AbstractPath):
    """The increments of time and of a Brownian motion as a pair.

    A term that this drives evaluates drift and diffusion in one go: what they share is made, and differentiated, once.

    Attributes:
        motion: The motion.
    """

    by_length: ClassVar[bool] = True
    motion: BrownianMotion

    def evaluate(self, t0: RealScalar, t1: RealScalar | None = None, left: bool = True) -> PyTree[Any]:
        """That of the motion, which has none outside of a solve."""
        return self.motion.evaluate(t0, t1, left)

    def begin(
        self, t0: RealScalar, step: IntScalar | int = 0, may_reject: bool = False, forward: BoolScalar | bool = True
    ) -> PyTree[Any]:
        """The motion's state."""
        return self.motion.begin(t0, step, may_reject, forward)

    def redrawable(self, may_reject: bool) -> bool:
        """As the motion."""
        return self.motion.redrawable(may_reject)

    def prepare(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], needs: frozenset[str], path_state: PyTree[Any]
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """The length of the step and the motion's increment over it."""
        increment, path_state = self.motion.prepare(t, h, nodes, needs, path_state)
        return (h, increment.W), path_state

    def commit(self, accepted: BoolScalar, old: PyTree[Any], new: PyTree[Any]) -> PyTree[Any]:
        """The motion's next state."""
        return self.motion.commit(accepted, old, new)

    def max_step(self, t: RealScalar, path_state: PyTree[Any]) -> Float[Array, ""] | None:
        """As the motion."""
        return self.motion.max_step(t, path_state)
