"""Time and noise as a single control."""

from typing import Any, ClassVar

from jaxtyping import Array, Float, PyTree

from nde.core.types import BoolScalar, IntScalar, RealScalar
from nde.paths import AbstractPath, BrownianMotion


class Clocked(AbstractPath):
    """A control whose increments are pairs of time and Brownian increments.

    A term with this control evaluates drift and diffusion together, so what they share is computed and differentiated
    once.

    Attributes:
        motion: The Brownian motion.
    """

    by_length: ClassVar[bool] = True
    motion: BrownianMotion

    def evaluate(self, t0: RealScalar, t1: RealScalar | None = None, left: bool = True) -> PyTree[Any]:
        """Evaluate the Brownian motion."""
        return self.motion.evaluate(t0, t1, left)

    def begin(
        self, t0: RealScalar, step: IntScalar | int = 0, may_reject: bool = False, forward: BoolScalar | bool = True
    ) -> PyTree[Any]:
        """Return the initial path state, that of the Brownian motion."""
        return self.motion.begin(t0, step, may_reject, forward)

    def redrawable(self, may_reject: bool) -> bool:
        """Return the same as the Brownian motion."""
        return self.motion.redrawable(may_reject)

    def prepare(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], needs: frozenset[str], path_state: PyTree[Any]
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """Return the length of the step and the Brownian increment over it."""
        increment, path_state = self.motion.prepare(t, h, nodes, needs, path_state)
        return (h, increment.W), path_state

    def commit(self, accepted: BoolScalar, old: PyTree[Any], new: PyTree[Any]) -> PyTree[Any]:
        """Return the next path state, that of the Brownian motion."""
        return self.motion.commit(accepted, old, new)

    def max_step(self, t: RealScalar, path_state: PyTree[Any]) -> Float[Array, ""] | None:
        """Return the same as the Brownian motion."""
        return self.motion.max_step(t, path_state)
