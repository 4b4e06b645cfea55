"""A solution between its steps."""

import jax
import jax.numpy as jnp
from jaxtyping import Array

from nde.core.clock import Clock
from nde.core.compiled import compiled
from nde.core.types import RealScalar, Y
from nde.integrate.output import DenseStep, step_holding
from nde.paths import AbstractGlobalInterpolation
from nde.paths.base import check_time


class DenseInterpolation(AbstractGlobalInterpolation):
    """The solution of a solve as a function of time between its ends; made by `SaveAt(dense=True)`.

    Attributes:
        steps: The steps, of leading axis `(max_steps,)`.
        clock: Turns times into those that steps are kept in.

    Example:
        ```python
        import nde

        term = nde.ODETerm(lambda t, y, args: -y)
        sol = nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, 0.1, 1.0, saveat=nde.SaveAt(dense=True))
        print(sol.interpolation.evaluate(0.25))
        ```
    """

    steps: DenseStep
    clock: Clock

    @property
    def t0(self) -> Array:
        """The start of the solve."""
        return self.clock.real(self.steps.start[0])

    @property
    def t1(self) -> Array:
        """Where the solve ended."""
        used = jnp.sum(jnp.isfinite(self.steps.end))
        return self.clock.real(self.steps.end[jnp.maximum(used - 1, 0)])

    @compiled()
    def evaluate(self, t0: RealScalar, t1: RealScalar | None = None, left: bool = True) -> Y:
        """The state at `t0`, or the increment from `t0` to `t1`."""
        if t1 is not None:
            before, after = self.evaluate(t0, left=left), self.evaluate(t1, left=left)
            return jax.tree.map(jnp.subtract, after, before)
        at, step = self._find(t0, left)
        return step.value(at)

    @compiled()
    def derivative(self, t: RealScalar, left: bool = True) -> Y:
        """The derivative of the interpolated state in time."""
        at, step = self._find(t, left)
        return jax.tree.map(self.clock.slope, step.slope(at))

    def _find(self, t: RealScalar, left: bool) -> tuple[Array, DenseStep]:
        """The loop time, and the step that holds it; at a step's end the earlier one if `left`."""
        check_time("`Solution.evaluate` and `.derivative`", t)
        at = self.clock.loop(jnp.asarray(t, self.steps.end.dtype))
        return at, step_holding(self.steps, at, left)
