"""Steps of one size."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core.clock import Clock
from nde.core.count import count_if
from nde.core.results import SUCCESSFUL
from nde.core.tree import all_finite
from nde.core.types import IntScalar, RealScalar, Time, Y
from nde.stepping.base import AbstractStepSizeController, Plan, StepDecision, StepTrial, slack


class _Grid(eqx.Module):
    origin: Time
    step: Time
    done: IntScalar


class ConstantStepSize(AbstractStepSizeController):
    """Constant steps of size `dt0`, the last one shorter if need be; the default controller.

    The times are `t0 + i * dt0`, so that rounding does not add up. A remainder before t1 that is only rounding, or less
    than a thousandth of a step, is made part of the last step.

    Raises:
        ValueError: In `diffeqsolve`, if `dt0` is `None`.

    Example:
        ```python
        import nde

        term = nde.ODETerm(lambda t, y, args: -y)
        sol = nde.diffeqsolve(
            term, nde.Heun(), 0.0, 1.0, 0.1, 1.0, stepsize_controller=nde.ConstantStepSize()
        )
        print(sol.stats["num_steps"])
        ```
    """

    @property
    def always_accepts(self) -> bool:
        """True."""
        return True

    @property
    def needs_dt0(self) -> bool:
        """True."""
        return True

    def wrap(self, clock: Clock) -> "ConstantStepSize":
        """Nothing depends on time."""
        del clock
        return self

    def check(self, t0: Time, t1: Time) -> int:
        """Nothing to check."""
        del t0, t1
        return SUCCESSFUL

    def init(
        self, slope: Callable[[Time, Y], Y], t0: Time, t1: Time, y0: Y, dt0: Time | None, error_order: RealScalar
    ) -> tuple[Plan, PyTree[Any]]:
        """The first step is `dt0`."""
        del slope, t1, y0, error_order
        if dt0 is None:
            raise ValueError(
                "`ConstantStepSize` got `dt0=None`; expected the step size. Pass `dt0=0.01`, say, or let an adaptive "
                "controller choose: `stepsize_controller=nde.PIDController(rtol=1e-3, atol=1e-6)`."
            )
        grid = _Grid(origin=t0, step=dt0, done=jnp.asarray(0, jnp.int32))
        return self._plan(grid), grid

    def decide(self, trial: StepTrial, state: PyTree[Any]) -> StepDecision:
        """Always accepts."""
        wanted = self._plan(state).end
        reached = trial.plan.end >= wanted - slack(state.step, wanted, always_accepts=True)
        grid = eqx.tree_at(lambda g: g.done, state, count_if(state.done, reached))
        return StepDecision(
            accepted=jnp.asarray(True),
            plan=self._plan(grid),
            state=grid,
            code=None,
            finite=all_finite(trial.y1),
        )

    @staticmethod
    def _plan(grid: _Grid) -> Plan:
        steps = (grid.done + 1).astype(grid.step.dtype)
        return Plan(end=grid.origin + steps * grid.step)
