"""Steps that end again where rejected ones did."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.core.clock import Clock
from nde.core.results import RESULTS, SUCCESSFUL, code_of
from nde.core.types import BoolScalar, IntScalar, RealScalar, Time, Y
from nde.stepping.base import CHOSEN, AbstractStepSizeController, Plan, StepDecision, StepTrial
from nde.stepping.wrapped import AbstractWrappedController


class _Stack(eqx.Module):
    """Ends of rejected steps that were not met again, the nearest on top.

    Attributes:
        ends: Their loop times, of shape `(capacity,)`.
        height: How many there are.
        inner: The state of the inner controller.
    """

    ends: Float[Array, " capacity"]
    height: IntScalar
    inner: PyTree[Any]

    def beyond(self, plan: Plan) -> BoolScalar:
        """Whether the plan goes beyond the nearest end."""
        return (self.height > 0) & (plan.end > self.top)

    @property
    def top(self) -> Time:
        """The nearest end."""
        return self.ends[jnp.maximum(self.height - 1, 0)]


class RevisitingController(AbstractWrappedController):
    """A controller whose steps pass over no end of a rejected step.

    An end that a rejected step saw of the noise is met again by a later one, so that nothing seen is left out.

    Attributes:
        controller: The controller that chooses the steps.
        capacity: How many ends can be remembered at a time.
        dtype: Of loop time.
    """

    controller: AbstractStepSizeController
    capacity: int = eqx.field(static=True)
    dtype: Any = eqx.field(static=True)

    def __init__(self, controller: AbstractStepSizeController, capacity: int, dtype: Any = None) -> None:
        self.controller = controller
        self.capacity = capacity
        self.dtype = dtype

    @property
    def breaks(self) -> bool:
        """As the inner controller."""
        return self.controller.breaks

    def breaks_at(self, t: Time) -> BoolScalar:
        """As the inner controller."""
        return self.controller.breaks_at(t)

    @property
    def jumps(self) -> int:
        """As the inner controller."""
        return self.controller.jumps

    def jump_at(self, t: Time) -> tuple[BoolScalar, IntScalar]:
        """As the inner controller."""
        return self.controller.jump_at(t)

    @property
    def may_stop(self) -> bool:
        """True: there may be no room for a further end."""
        return True

    @property
    def landmarks(self) -> Float[Array, " landmarks"] | None:
        """Those of the inner controller; none but not `None`, so that the ends of steps are kept to the last bit."""
        inner = self.controller.landmarks
        return jnp.zeros((0,), self.dtype) if inner is None and self.dtype is not None else inner

    def wrap(self, clock: Clock) -> "RevisitingController":
        """With the inner controller in loop time."""
        return RevisitingController(self.controller.wrap(clock), self.capacity, clock.origin.dtype)

    def init(
        self, slope: Callable[[Time, Y], Y], t0: Time, t1: Time, y0: Y, dt0: Time | None, error_order: RealScalar
    ) -> tuple[Plan, PyTree[Any]]:
        """The inner controller's first step; nothing was rejected."""
        plan, state = self.controller.init(slope, t0, t1, y0, dt0, error_order)
        return plan, _Stack(jnp.zeros((self.capacity,), t0.dtype), jnp.asarray(0, jnp.int32), state)

    def decide(self, trial: StepTrial, state: _Stack) -> StepDecision:
        """The inner controller's decision; the next step ends at the nearest end that is remembered, if not sooner."""
        decision, reached = self.controller.decide(trial, state.inner), trial.plan.end
        accepted = decision.accepted & decision.finite
        met = (state.height > 0) & (reached >= state.top)
        new = ~accepted & ~met
        full = new & (state.height >= self.capacity)
        place = jnp.minimum(state.height, self.capacity - 1)
        end = jax.lax.stop_gradient(reached)
        change = new.astype(jnp.int32) - (accepted & met).astype(jnp.int32)
        stack = _Stack(
            ends=state.ends.at[place].set(jnp.where(new & ~full, end, state.ends[place])),
            height=jnp.minimum(state.height + change, self.capacity),
            inner=decision.state,
        )
        following, cut = decision.plan, stack.beyond(decision.plan)
        following = Plan(
            end=jnp.where(cut, stack.top, following.end),
            cause=None if following.cause is None else jnp.where(cut, CHOSEN, following.cause),
        )
        code = SUCCESSFUL if decision.code is None else decision.code
        return StepDecision(
            accepted=decision.accepted,
            plan=following,
            state=stack,
            code=jnp.where(full, code_of(RESULTS.rejected_steps_full), code).astype(jnp.int32),
            finite=decision.finite,
        )
