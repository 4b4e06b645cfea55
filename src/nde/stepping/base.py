"""What a step size controller is: it plans the first step, then accepts or rejects each step and plans the next.

Controllers see *loop time*, which always grows: it is the time itself in a forward solve and its negative in a
backward one. What ends a step is part of the plan, because a time that came from outside (`t1`, a time to step to, a
jump) is differentiable and one that the controller chose is a constant.
"""

import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.core.advice import Advice
from nde.core.clock import Clock
from nde.core.types import BoolScalar, IntScalar, Norm, RealScalar, Time, Tolerance, Y

CHOSEN = -1
"""The step ends where the controller chose."""
AT_T1 = 0
"""The step ends at t1; the landmarks follow as 1, 2, ..."""


class Span(eqx.Module):
    """A step in loop time; `h` is `end - start`, computed once."""

    start: Time
    end: Time
    h: Time


def span(start: Time, end: Time) -> Span:
    """The step between two loop times."""
    return Span(start, end, end - start)


def slack(h: Time, end: Time, always_accepts: bool) -> Time:
    """How much longer than planned a step may be to end at a given time: what is left is not worth a step of its own.

    That is a thousandth of the step, or a few roundings of time, but always a small part of the step. So a step that
    was rejected and planned anew is shorter.

    Args:
        h: The length of the step as planned.
        end: The given time, in loop time.
        always_accepts: Whether no step is ever rejected.
    """
    roundings = 4 * jnp.finfo(end.dtype).eps * jnp.abs(end)
    most = h * (0.5 if always_accepts else 0.0625)
    return jax.lax.stop_gradient(jnp.maximum(h * 2.0**-10, jnp.minimum(roundings, most)))


class Plan(eqx.Module):
    """Where the next step ends, and why.

    Attributes:
        end: Its end in loop time.
        cause: `CHOSEN`, or one plus the index of the landmark that ends it; `None` if there are no landmarks.
    """

    end: Time
    cause: IntScalar | None = None


class StepTrial(eqx.Module):
    """A step that was computed and not yet accepted.

    Attributes:
        step: Its start, end and length in loop time.
        plan: What it was planned as.
        y0: The state at its start.
        y1: The state at its end.
        error: An estimate of its error, shaped as the state; `None` without one.
        error_order: The order of the local error of the solver.
        advice: Wishes of the solver.
    """

    step: Span
    plan: Plan
    y0: Y
    y1: Y
    error: Y | None
    error_order: RealScalar
    advice: Advice


class StepDecision(eqx.Module):
    """Whether a step is accepted, and the plan of the next.

    Attributes:
        accepted: Whether the step counts.
        plan: The next step.
        state: The controller's state.
        code: `SUCCESSFUL`, or why the solve must stop; `None` from a controller that never stops it.
        finite: Whether all numbers of the step were finite.
    """

    accepted: BoolScalar
    plan: Plan
    state: PyTree[Any]
    code: IntScalar | None
    finite: BoolScalar


class AbstractStepSizeController(eqx.Module):
    """Chooses the step sizes of a solve.

    Example:
        ```python
        import nde

        assert isinstance(nde.ConstantStepSize(), nde.AbstractStepSizeController)
        ```
    """

    @property
    def breaks(self) -> bool:
        """Whether the controller knows times at which the vector field may be discontinuous."""
        return False

    def breaks_at(self, t: Time) -> BoolScalar:
        """Whether a loop time is one of them. Steps end at them, so equality is exact."""
        del t
        return jnp.asarray(False)

    @property
    def jumps(self) -> int:
        """How many of them are jumps, behind which a solver begins anew."""
        return 0

    def jump_at(self, t: Time) -> tuple[BoolScalar, IntScalar]:
        """Whether a loop time is a jump, and its number."""
        del t
        return jnp.asarray(False), jnp.asarray(0, jnp.int32)

    @property
    def needs_error(self) -> bool:
        """Whether steps are accepted by an error estimate, which the solver must provide."""
        return False

    @property
    def may_stop(self) -> bool:
        """Whether decisions come with a code."""
        return False

    @property
    def needs_dt0(self) -> bool:
        """Whether the size of the first step has to be given."""
        return False

    @property
    def landmarks(self) -> Float[Array, " landmarks"] | None:
        """Times in loop time, given from outside, at which steps may end."""
        return None

    @property
    def grid(self) -> Float[Array, " ends"] | None:
        """The ends of all steps in loop time, the first step's start being t0, if they are known beforehand."""
        return None

    @property
    def always_accepts(self) -> bool:
        """Whether no step is ever rejected."""
        return False

    @abc.abstractmethod
    def wrap(self, clock: Clock) -> "AbstractStepSizeController":
        """The controller with its times as loop times of a clock, in the dtype of that."""

    @abc.abstractmethod
    def check(self, t0: Time, t1: Time) -> IntScalar | int:
        """`SUCCESSFUL`, or the code of what is wrong with the controller's numbers."""

    @abc.abstractmethod
    def init(
        self, slope: Callable[[Time, Y], Y], t0: Time, t1: Time, y0: Y, dt0: Time | None, error_order: RealScalar
    ) -> tuple[Plan, PyTree[Any]]:
        """The first step and the controller's first state.

        Args:
            slope: The derivative of the state in loop time.
            t0: Start of the solve.
            t1: End of the solve.
            y0: The state at t0.
            dt0: Size of the first step, or `None`.
            error_order: The order of the local error of the solver.
        """

    @abc.abstractmethod
    def decide(self, trial: StepTrial, state: PyTree[Any]) -> StepDecision:
        """Accept or reject a step, and plan the next.

        Args:
            trial: The step.
            state: The controller's state before it.
        """


class AbstractAdaptiveStepSizeController(AbstractStepSizeController):
    """A controller that keeps an error below a tolerance `atol + rtol * |y|`.

    Example:
        ```python
        import nde

        assert isinstance(nde.PIDController(rtol=1e-3, atol=1e-6), nde.AbstractAdaptiveStepSizeController)
        ```
    """

    rtol: eqx.AbstractVar[Tolerance]
    atol: eqx.AbstractVar[Tolerance]
    norm: eqx.AbstractVar[Norm]
