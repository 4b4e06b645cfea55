"""A path: a value at every time of an interval."""

import abc
from typing import Any, ClassVar, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.core.compiled import compiled
from nde.core.tree import common_dtype
from nde.core.types import BoolScalar, IntScalar, RealScalar
from nde.paths.halves import increments_over_step

Control = TypeVar("Control")
"""What a path has as values."""


class AbstractPath(eqx.Module, Generic[Control]):
    """A function of time that can drive a term or be evaluated.

    `evaluate` keeps no state. Loops use `prepare` and `commit` instead, which carry a *path state*: what the path
    remembers between steps (an interval index, a cached noise). `prepare` is called once per attempted step, before
    the stages, so that no search and no random number is left inside a stage.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        class Ramp(nde.AbstractPath):
            def evaluate(self, t0, t1=None, left=True):
                return jnp.asarray(t0) if t1 is None else jnp.asarray(t1) - t0

        print(Ramp().evaluate(0.0, 2.0))
        ```
    """

    @abc.abstractmethod
    def evaluate(self, t0: RealScalar, t1: RealScalar | None = None, left: bool = True) -> PyTree[Any]:
        """The value at `t0`, or the increment from `t0` to `t1`.

        Args:
            t0: A time.
            t1: Another time; if given, the increment from `t0` to `t1` is returned.
            left: At a jump, whether to return the limit from the left.

        Returns:
            A pytree of arrays.
        """

    by_length: ClassVar[bool] = False
    """Whether a step is known by its length, whatever rounding makes of the time at which it ends."""

    @property
    def knots(self) -> Float[Array, " knots"] | None:
        """Times at which the derivative of the path jumps, where adaptive steps have to end; `None` without any."""
        return None

    @property
    def tabulates(self) -> bool:
        """Whether the drives of all steps of a known grid are better made at once, before the first step."""
        return False

    @compiled()
    def derivative(self, t: RealScalar, left: bool = True) -> PyTree[Any]:
        """The derivative in time.

        Args:
            t: A time.
            left: At a jump, whether to return the limit from the left.
        """
        t = jnp.asarray(t, common_dtype(t, float))
        return jax.jvp(lambda t: self.evaluate(t, left=left), (t,), (jnp.ones_like(t),))[1]

    def begin(
        self, t0: RealScalar, step: IntScalar | int = 0, may_reject: bool = False, forward: BoolScalar | bool = True
    ) -> PyTree[Any]:
        """The path's state before a step.

        Args:
            t0: Where the step starts.
            step: How many steps were accepted before.
            may_reject: Whether steps may be rejected, so that times are seen from which the solve does not continue.
            forward: Whether the solve goes forward in time.
        """
        del t0, step, may_reject, forward
        return None

    def redrawable(self, may_reject: bool) -> bool:
        """Whether `begin` and `prepare` make the drive of any step again; otherwise a replay needs it recorded."""
        del may_reject
        return True

    def prepare(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], needs: frozenset[str], path_state: PyTree[Any]
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """What the stages of a step from `t` to `t + h` need, and the path's state after it.

        Args:
            t: Start of the step.
            h: Its size; negative when walking backward.
            nodes: The stages' times as fractions of the step.
            needs: What the solver needs beyond increments.
            path_state: The path's state before the step.

        Returns:
            The drive of the step, and the path's state should the step be accepted.
        """
        del nodes
        return increments_over_step(self.evaluate, t, h, needs), path_state

    def slopes(
        self, t: RealScalar, h: RealScalar, nodes: tuple[float, ...], path_state: PyTree[Any]
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """The derivatives in time at fractions of a step, and the path's state should the step be accepted.

        Args:
            t: Start of the step.
            h: Its size; negative when walking backward.
            nodes: The fractions.
            path_state: The path's state before the step.

        Returns:
            The derivatives, each leaf with a leading axis of nodes, and the path's state.
        """
        values = [self.derivative(t + node * h) for node in nodes]
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *values), path_state

    def commit(self, accepted: BoolScalar, old: PyTree[Any], new: PyTree[Any]) -> PyTree[Any]:
        """The path's state after a step was accepted or rejected: a path decides what a rejection means for it."""
        del accepted, old
        return new

    def max_step(self, t: RealScalar, path_state: PyTree[Any]) -> Float[Array, ""] | None:
        """How long the next step may be, for this path's sake; `None` for any length."""
        del t, path_state
        return None


def check_time(who: str, *times: Any) -> None:
    """Whether times are single ones.

    Args:
        who: Who got them, for the message.
        times: The times.

    Raises:
        ValueError: If one is an array of times.
    """
    for t in times:
        if jnp.shape(t) != ():
            raise ValueError(
                f"{who} got times of shape {jnp.shape(t)}; expected a single time. For many use `jax.vmap`."
            )
