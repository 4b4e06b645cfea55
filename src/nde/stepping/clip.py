"""Steps cut short so that they end at given times."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree, Real

from nde.core.advice import Advice
from nde.core.types import BoolScalar, IntScalar, Norm, RealScalar, Time, Times, Tolerance, Y
from nde.stepping.base import (
    CHOSEN,
    AbstractAdaptiveStepSizeController,
    AbstractStepSizeController,
    Plan,
    Span,
    Verdict,
)
from nde.stepping.revisit import RevisitingController


def _times(name: str, ts: Times | None) -> Array | None:
    if ts is None:
        return None
    ts = jnp.asarray(ts)
    if ts.ndim != 1:
        raise ValueError(f"`ClipStepSizeController` got `{name}` of shape {ts.shape}; it wants shape (times,).")
    return ts if jnp.issubdtype(ts.dtype, jnp.floating) else ts.astype(float)


class ClipStepSizeController(AbstractAdaptiveStepSizeController):
    """A controller whose steps end at given times, and which steps over given jumps.

    At a jump a step ends just before it, by as much as rounding can blur the times of its stages; the next starts just
    behind it, and whatever the solver kept of the vector field is computed anew.

    Attributes:
        controller: The adaptive controller that chooses the steps in between.
        step_ts: Times of shape `(steps,)` to step to, in any order; those outside the solve are ignored.
        jump_ts: Times of shape `(jumps,)` at which the vector field is discontinuous, in any order.

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

    def __init__(
        self,
        controller: AbstractStepSizeController,
        step_ts: Times | None = None,
        jump_ts: Times | None = None,
        store_rejected_steps: int | None = None,
    ) -> None:
        """Make a controller.

        Args:
            controller: The controller that chooses the steps in between.
            step_ts: Times to step to.
            jump_ts: Times at which the vector field is discontinuous.
            store_rejected_steps: Room for so many ends of rejected steps, each of which a later step ends at again:
                for an SDE along a `VirtualBrownianTree`, of whose path a rejected step has seen something. The other
                Brownian motions remember what rejected steps saw by themselves and need none.
        """
        if not isinstance(controller, AbstractStepSizeController):
            raise TypeError(
                f"`ClipStepSizeController` got `{controller!r}`; it wants a controller such as "
                "`nde.PIDController(rtol=1e-3, atol=1e-6)`."
            )
        if store_rejected_steps is not None:
            if isinstance(store_rejected_steps, bool) or not store_rejected_steps > 0:
                raise ValueError(
                    f"`ClipStepSizeController` got `store_rejected_steps={store_rejected_steps!r}`; it wants a number "
                    "of steps, or `None`."
                )
            controller = RevisitingController(controller, int(store_rejected_steps))
        self.controller = controller
        self.step_ts = _times("step_ts", step_ts)
        self.jump_ts = _times("jump_ts", jump_ts)

    @property
    def rtol(self) -> Tolerance:
        """The relative tolerance of the inner controller."""
        return self.controller.rtol  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def atol(self) -> Tolerance:
        """The absolute tolerance of the inner controller."""
        return self.controller.atol  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def norm(self) -> Norm:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The norm of the inner controller."""
        return self.controller.norm  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def jumps(self) -> bool:
        """Whether there are jumps."""
        return self.controller.jumps or self.jump_ts is not None

    def ends_at_jump(self, plan: Plan) -> BoolScalar:
        """Whether a jump is what ends the step."""
        inner = self.controller.ends_at_jump(plan)
        return inner if self.jump_ts is None or plan.cause is None else inner | (plan.cause > self._first_jump)

    def jumps_at(self, t: Time) -> BoolScalar:
        """Whether a jump is as near as rounding."""
        inner = self.controller.jumps_at(t)
        if self.jump_ts is None:
            return inner
        return inner | jnp.any(jnp.abs(self.jump_ts - t) <= 2 * _margin(self.jump_ts, t))

    @property
    def needs_error(self) -> bool:
        """As the inner controller."""
        return self.controller.needs_error

    @property
    def may_stop(self) -> bool:
        """As the inner controller."""
        return self.controller.may_stop

    @property
    def always_accepts(self) -> bool:
        """As the inner controller."""
        return self.controller.always_accepts

    @property
    def landmarks(self) -> Float[Array, " landmarks"] | None:
        """The inner controller's landmarks, the times to step to, and the jumps."""
        groups = [ts for ts in (self.controller.landmarks, self.step_ts, self.jump_ts) if ts is not None]
        return jnp.concatenate(groups) if groups else None

    def wrap(self, direction: RealScalar, dtype: Any) -> "ClipStepSizeController":
        """The times in loop time, sorted."""

        def turn(ts: Array | None) -> Array | None:
            return None if ts is None else jnp.sort(ts.astype(dtype) * jnp.asarray(direction, dtype))

        return ClipStepSizeController(
            self.controller.wrap(direction, dtype), step_ts=turn(self.step_ts), jump_ts=turn(self.jump_ts)
        )

    def check(self, t0: Time, t1: Time) -> IntScalar | int:
        """As the inner controller."""
        return self.controller.check(t0, t1)

    def init(
        self, slope: Callable[[Time, Y], Y], t0: Time, t1: Time, y0: Y, dt0: Time | None, error_order: RealScalar
    ) -> tuple[Plan, PyTree[Any]]:
        """The inner controller's first step, cut short."""
        plan, state = self.controller.init(slope, t0, t1, y0, dt0, error_order)
        return self._clip(t0, plan), state

    def judge(
        self,
        step: Span,
        plan: Plan,
        y0: Y,
        y1: Y,
        error: Y | None,
        error_order: RealScalar,
        advice: Advice,
        state: PyTree[Any],
    ) -> Verdict:
        """The inner controller's verdict; behind a jump the next step starts just after it."""
        verdict = self.controller.judge(step, plan, y0, y1, error, error_order, advice, state)
        start, following, jumped = verdict.start, verdict.plan, verdict.jumped
        if self.jump_ts is not None:
            assert plan.cause is not None
            crossed = verdict.accepted & (plan.cause > self._first_jump)
            last = self.jump_ts.shape[0] - 1
            jump = self.jump_ts[jnp.clip(plan.cause - self._first_jump - 1, 0, last)]
            margin = _margin(jump, step.start)
            start = jnp.where(crossed, jump + margin, start)
            end = jnp.where(crossed, jnp.maximum(following.end, jump + 2 * margin), following.end)
            following = Plan(end=end, cause=following.cause)
            jumped = crossed | jumped
        return Verdict(
            accepted=verdict.accepted,
            start=start,
            plan=self._clip(start, following),
            jumped=jumped,
            state=verdict.state,
            code=verdict.code,
            finite=verdict.finite,
        )

    @property
    def _first_step(self) -> int:
        inner = self.controller.landmarks
        return 0 if inner is None else inner.shape[0]

    @property
    def _first_jump(self) -> int:
        return self._first_step + (0 if self.step_ts is None else self.step_ts.shape[0])

    def _clip(self, start: Time, plan: Plan) -> Plan:
        """The plan, ended at the first time to step to or before the first jump that lies inside it."""
        if plan.cause is None:
            plan = Plan(plan.end, jnp.asarray(CHOSEN, jnp.int32))
        if self.step_ts is not None and self.step_ts.shape[0]:
            plan = _ended_by(self.step_ts, start, plan, self._first_step)
        if self.jump_ts is not None and self.jump_ts.shape[0]:
            plan = _ended_by(self.jump_ts, start, plan, self._first_jump, before=True)
        return plan


def _ended_by(ts: Array, start: Time, plan: Plan, offset: int, before: bool = False) -> Plan:
    """The plan, ended by the first of these times behind the start, or just before it."""
    index = jnp.searchsorted(ts, start, side="right")
    end = ts[jnp.minimum(index, ts.shape[0] - 1)]
    if before:
        end = end - _margin(end, start)
    sooner = (index < ts.shape[0]) & (end <= plan.end)
    cause = (offset + 1 + index).astype(jnp.int32)
    unless = CHOSEN if plan.cause is None else plan.cause
    return Plan(end=jnp.where(sooner, end, plan.end), cause=jnp.where(sooner, cause, unless))


def _margin(jump: Array, start: Time) -> Array:
    """How far rounding may move the times of the stages of a step that ends or starts near a jump."""
    sizes = jnp.maximum(jnp.abs(jump), jnp.abs(start))
    return jax.lax.stop_gradient(jnp.maximum(2 * jnp.finfo(start.dtype).eps * sizes, jnp.finfo(start.dtype).tiny))
