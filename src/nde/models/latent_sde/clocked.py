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
        self, t0: RealScalar, step: IntScalar | int = 0, revisits: bool = False, forward: BoolScalar | bool = True
    ) -> PyTree[Any]:
        """Return the initial path state, that of the Brownian motion."""
        return self.motion.begin(t0, step, revisits, forward)

    def recalls(self, revisits: bool) -> bool:
        """Return the same as the Brownian motion."""
        return self.motion.recalls(revisits)

    def prepare(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], needs: frozenset[str], place: PyTree[Any]
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """Return the length of the step and the Brownian increment over it."""
        increment, place = self.motion.prepare(t, h, nodes, needs, place)
        return (h, increment.W), place

    def commit(self, accepted: BoolScalar, old: PyTree[Any], new: PyTree[Any]) -> PyTree[Any]:
        """Return the next path state, that of the Brownian motion."""
        return self.motion.commit(accepted, old, new)

    def room(self, t: RealScalar, place: PyTree[Any]) -> Float[Array, ""] | None:
        """Return the same as the Brownian motion."""
        return self.motion.room(t, place)
