"""Steps cut short so that they end at given times."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree, Real

from nde.core.clock import Clock
from nde.core.types import BoolScalar, IntScalar, RealScalar, Time, Times, Y
from nde.stepping.base import CHOSEN, AbstractStepSizeController, Plan, StepDecision, StepTrial, slack
from nde.stepping.revisit import RevisitingController
from nde.stepping.wrapped import AbstractWrappedController


def _times(name: str, ts: Times | None) -> Array | None:
    if ts is None:
        return None
    ts = jnp.asarray(ts)
    if ts.ndim != 1:
        raise ValueError(f"`ClipStepSizeController` got `{name}` of shape {ts.shape}; expected shape (times,).")
    return ts if jnp.issubdtype(ts.dtype, jnp.floating) else ts.astype(float)


class ClipStepSizeController(AbstractWrappedController):
    """A controller whose steps end at given times, at which the vector field may be discontinuous.

    A step that ends at one of `step_ts` or `jump_ts` evaluates the vector field just before that time at the latest,
    and the step behind it just behind it at the earliest; what a solver kept of the vector field is computed anew. At
    `jump_ts` also methods of several steps, and others that carry a state of their own, begin anew.

    Attributes:
        controller: The controller that chooses the steps in between.
        step_ts: Times of shape `(steps,)` to step to, in any order; those outside the solve are ignored.
        jump_ts: Times of shape `(jumps,)` at which the vector field is discontinuous, in any order.
        kink_ts: Times of shape `(kinks,)` to step to at which the vector field is known to be continuous, as at the
            knots of data: nothing is computed anew there.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        term = nde.ODETerm(lambda t, y, args: jnp.where(t < 0.5, 1.0, -1.0))
        inner = nde.PIDController(rtol=1e-6, atol=1e-6)
        controller = nde.ClipStepSizeController(inner, jump_ts=jnp.array([0.5]))
        print(nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, None, 0.0, stepsize_controller=controller).ys)
        ```
    """

    controller: AbstractStepSizeController
    step_ts: Real[Array, " steps"] | None
    jump_ts: Real[Array, " jumps"] | None
    kink_ts: Real[Array, " kinks"] | None

    def __init__(
        self,
        controller: AbstractStepSizeController,
        step_ts: Times | None = None,
        jump_ts: Times | None = None,
        store_rejected_steps: int | None = None,
        kink_ts: Times | None = None,
    ) -> None:
        """Make a controller.

        Args:
            controller: The controller that chooses the steps in between.
            step_ts: Times to step to.
            jump_ts: Times at which the vector field is discontinuous.
            kink_ts: Times to step to at which it is continuous.
            store_rejected_steps: Room for so many ends of rejected steps, each of which a later step ends at again:
                for an SDE along a `VirtualBrownianTree`, of whose path a rejected step has seen something. The other
                Brownian motions remember what rejected steps saw by themselves and need none.
        """
        if not isinstance(controller, AbstractStepSizeController):
            raise TypeError(
                f"`ClipStepSizeController` got `{controller!r}`; expected a controller such as "
                "`nde.PIDController(rtol=1e-3, atol=1e-6)`."
            )
        if store_rejected_steps is not None:
            if isinstance(store_rejected_steps, bool) or not store_rejected_steps > 0:
                raise ValueError(
                    f"`ClipStepSizeController` got `store_rejected_steps={store_rejected_steps!r}`; expected a number "
                    "of steps, or `None`."
                )
            controller = RevisitingController(controller, int(store_rejected_steps))
        self.controller = controller
        self.step_ts = _times("step_ts", step_ts)
        self.jump_ts = _times("jump_ts", jump_ts)
        self.kink_ts = _times("kink_ts", kink_ts)

    @property
    def breaks(self) -> bool:
        """Whether there are times to step to, or jumps."""
        return self.controller.breaks or self.step_ts is not None or self.jump_ts is not None

    def breaks_at(self, t: Time) -> BoolScalar:
        """Whether a loop time is one of them."""
        known = [_place(ts, t)[0] for ts in (self.step_ts, self.jump_ts) if ts is not None and ts.shape[0]]
        return functools.reduce(jnp.logical_or, known, self.controller.breaks_at(t))

    @property
    def jumps(self) -> int:
        """How many jumps there are."""
        return self.controller.jumps + (0 if self.jump_ts is None else self.jump_ts.shape[0])

    def jump_at(self, t: Time) -> tuple[BoolScalar, IntScalar]:
        """Whether a loop time is a jump, and its number; those of the inner controller come first."""
        inner, number = self.controller.jump_at(t)
        if self.jump_ts is None or not self.jump_ts.shape[0]:
            return inner, number
        own, place = _place(self.jump_ts, t)
        return inner | own, jnp.where(inner, number, self.controller.jumps + place)

    @property
    def may_stop(self) -> bool:
        """As the inner controller."""
        return self.controller.may_stop

    @property
    def landmarks(self) -> Float[Array, " landmarks"] | None:
        """The inner controller's landmarks, then all times of this one."""
        groups = [ts for ts in (self.controller.landmarks, *self._groups) if ts is not None]
        return jnp.concatenate(groups) if groups else None

    @property
    def _groups(self) -> tuple[Array | None, ...]:
        return self.step_ts, self.jump_ts, self.kink_ts

    def wrap(self, clock: Clock) -> "ClipStepSizeController":
        """The times in loop time, sorted."""

        def turn(ts: Array | None) -> Array | None:
            return None if ts is None else jnp.sort(clock.loop(ts.astype(clock.origin.dtype)))

        step_ts, jump_ts, kink_ts = (turn(ts) for ts in self._groups)
        return ClipStepSizeController(self.controller.wrap(clock), step_ts, jump_ts, kink_ts=kink_ts)

    def init(
        self, slope: Callable[[Time, Y], Y], t0: Time, t1: Time, y0: Y, dt0: Time | None, error_order: RealScalar
    ) -> tuple[Plan, PyTree[Any]]:
        """The inner controller's first step, cut short."""
        plan, state = self.controller.init(slope, t0, t1, y0, dt0, error_order)
        return self._clip(t0, plan), state

    def decide(self, trial: StepTrial, state: PyTree[Any]) -> StepDecision:
        """The inner controller's decision, its next step cut short."""
        decision = self.controller.decide(trial, state)
        start = jnp.where(decision.accepted, trial.plan.end, trial.step.start)
        return dataclasses.replace(decision, plan=self._clip(start, decision.plan))

    def _clip(self, start: Time, plan: Plan) -> Plan:
        """The plan, ended at the first of the given times that lies inside it, or hardly behind it."""
        if plan.cause is None:
            plan = Plan(plan.end, jnp.asarray(CHOSEN, jnp.int32))
        offset = 0 if self.controller.landmarks is None else self.controller.landmarks.shape[0]
        for ts in self._groups:
            if ts is not None and ts.shape[0]:
                plan = self._ended_by(ts, start, plan, offset)
                offset += ts.shape[0]
        return plan

    def _ended_by(self, ts: Array, start: Time, plan: Plan, offset: int) -> Plan:
        index = jnp.searchsorted(ts, start, side="right")
        end = ts[jnp.minimum(index, ts.shape[0] - 1)]
        assert plan.cause is not None
        chosen = plan.cause == CHOSEN
        reach = plan.end + jnp.where(chosen, slack(plan.end - start, end, self.always_accepts), 0)
        sooner = (index < ts.shape[0]) & (end <= reach)
        cause = (offset + 1 + index).astype(jnp.int32)
        return Plan(jnp.where(sooner, end, plan.end), jnp.where(sooner, cause, plan.cause))


def _place(ts: Array, t: Time) -> tuple[BoolScalar, IntScalar]:
    """Whether a time is one of sorted times, and its place among them."""
    index = jnp.minimum(jnp.searchsorted(ts, t, side="left"), ts.shape[0] - 1)
    return ts[index] == t, index.astype(jnp.int32)
