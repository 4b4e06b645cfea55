"""Steps to given times."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, PyTree, Real

from nde.core.clock import Clock
from nde.core.count import count_if
from nde.core.results import RESULTS, SUCCESSFUL, code_of
from nde.core.tree import all_finite
from nde.core.types import IntScalar, RealScalar, Time, Times, Y
from nde.stepping.base import AbstractStepSizeController, Plan, StepDecision, StepTrial


class StepTo(AbstractStepSizeController):
    """Steps to exactly these times; `dt0` must be `None`.

    Attributes:
        ts: Monotone times of shape `(times,)`, from t0 to t1, both included. Between times that coincide, be it after
            rounding, no step is taken.

    Raises:
        TypeError: If `ts` are no times.
        ValueError: If `ts` is not one-dimensional or has fewer than two entries.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        term = nde.ODETerm(lambda t, y, args: -y)
        steps = nde.StepTo(ts=jnp.array([0.0, 0.1, 0.4, 1.0]))
        print(nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, None, 1.0, stepsize_controller=steps).ys)
        ```
    """

    ts: Real[Array, " times"]

    def __init__(self, ts: Times) -> None:
        try:
            self.ts = jnp.asarray(ts)
        except (TypeError, ValueError) as error:
            raise TypeError(f"`StepTo(ts=...)` got `{ts!r}`; expected times of shape (times,).") from error
        if self.ts.ndim != 1 or self.ts.shape[0] < 2:
            raise ValueError(
                f"`StepTo(ts=...)` got an array of shape {self.ts.shape}; expected a one-dimensional array of at "
                "least two times, from t0 to t1."
            )

    @property
    def landmarks(self) -> Array:
        """The times themselves."""
        return self.ts

    @property
    def grid(self) -> Array:
        """All times but the first."""
        return self.ts[1:]

    @property
    def always_accepts(self) -> bool:
        """True."""
        return True

    def wrap(self, clock: Clock) -> "StepTo":
        """The times in loop time, each once: those that coincide with one before are moved behind the last."""
        ts = clock.loop(self.ts.astype(clock.origin.dtype))
        moves = jnp.concatenate([jnp.ones((1,), bool), ts[1:] != ts[:-1]])
        source = jnp.searchsorted(jnp.cumsum(moves), jnp.arange(1, ts.shape[0] + 1), side="left")
        return StepTo(ts=ts[jnp.minimum(source, ts.shape[0] - 1)])

    def check(self, t0: Time, t1: Time) -> IntScalar:
        """Whether the times run from t0 to t1."""
        good = (self.ts[0] == t0) & (self.ts[-1] == t1) & jnp.all(self.ts[1:] >= self.ts[:-1])
        return jnp.where(good, SUCCESSFUL, code_of(RESULTS.bad_step_ts))

    def init(
        self, slope: Callable[[Time, Y], Y], t0: Time, t1: Time, y0: Y, dt0: Time | None, error_order: RealScalar
    ) -> tuple[Plan, PyTree[Any]]:
        """The first step goes to the second time."""
        del slope, t0, t1, y0, error_order
        if dt0 is not None:
            raise ValueError(
                "`StepTo` got a `dt0`; expected `dt0=None`, because `StepTo(ts=...)` already says where the steps go."
            )
        first = jnp.asarray(1, jnp.int32)
        return self._plan(first), first

    def decide(self, trial: StepTrial, state: PyTree[Any]) -> StepDecision:
        """Always accepts."""
        index = count_if(state, trial.plan.end >= self._plan(state).end)
        return StepDecision(
            accepted=jnp.asarray(True),
            plan=self._plan(index),
            state=index,
            code=None,
            finite=all_finite(trial.y1),
        )

    def _plan(self, index: IntScalar) -> Plan:
        return Plan(end=self.ts[jnp.minimum(index, self.ts.shape[0] - 1)], cause=index + 1)
