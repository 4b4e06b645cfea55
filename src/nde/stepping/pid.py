"""Adaptive steps by a proportional, integral and derivative controller."""

import math
from collections.abc import Callable
from typing import Any, TypeGuard

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from nde.core.clock import Clock
from nde.core.norms import rms_norm
from nde.core.results import RESULTS, SUCCESSFUL, code_of
from nde.core.tree import common_dtype, real_dtype
from nde.core.types import BoolScalar, IntScalar, Norm, RealScalar, Time, Tolerance, Y
from nde.stepping.base import AbstractAdaptiveStepSizeController, Plan, StepDecision, StepTrial
from nde.stepping.initial import initial_step
from nde.stepping.tolerance import error_scale, in_units, least


class _Memory(eqx.Module):
    """Scaled errors of the last two accepted steps, kept only where a coefficient asks for them."""

    last: Array | None
    before: Array | None
    at_dtmin: BoolScalar | None


class PIDController(AbstractAdaptiveStepSizeController):
    """Adaptive steps, as large as the tolerance `atol + rtol * |y|` allows.

    With `r_n` the norm of the scaled error of step n, the next step size is

        h * safety * r_n^(-(p + i + d)/k) * r_(n-1)^((p + 2d)/k) * r_(n-2)^(-d/k)

    where `k` is the order of the error, clipped to `[factormin, factormax]` times `h`. A step is accepted if its
    scaled error is below one. Step sizes are constants of differentiation in every mode.

    Attributes:
        rtol: Relative tolerance: a number, an array that broadcasts to each array of the state, or a pytree of these
            that is a prefix of the state, so that each component may have its own.
        atol: Absolute tolerance, in units of the state, likewise.
        norm: The norm of the scaled error, a function from a pytree like the state to a scalar.
        pcoeff: Proportional coefficient. `pcoeff=0.4, icoeff=0.3` suits mildly stiff problems.
        icoeff: Integral coefficient.
        dcoeff: Derivative coefficient.
        dtmin: The smallest step, in units of time.
        dtmax: The largest step, in units of time.
        force_dtmin: Whether to continue with `dtmin` where the error calls for less; otherwise the solve stops.
        factormin: The least factor between step sizes.
        factormax: The largest factor between step sizes.
        safety: The share of the tolerance to aim at.
        error_order: The order of the local error, if it is known better than the solver knows it.

    Sources: Söderlind, *Digital filters in adaptive time-stepping* (2003), doi:10.1145/641876.641877; Hairer, Norsett
    and Wanner, *Solving Ordinary Differential Equations I*, section II.4, doi:10.1007/978-3-540-78862-1.

    Example:
        ```python
        import nde

        controller = nde.PIDController(rtol=1e-6, atol=1e-9)
        term = nde.ODETerm(lambda t, y, args: -y)
        sol = nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, None, 1.0, stepsize_controller=controller)
        print(sol.ys, sol.stats["num_accepted_steps"])
        ```
    """

    rtol: Tolerance
    atol: Tolerance
    norm: Norm = rms_norm
    pcoeff: RealScalar = 0
    icoeff: RealScalar = 1
    dcoeff: RealScalar = 0
    dtmin: RealScalar | None = None
    dtmax: RealScalar | None = None
    force_dtmin: bool = eqx.field(default=True, static=True)
    factormin: RealScalar = 0.2
    factormax: RealScalar = 10.0
    safety: RealScalar = 0.9
    error_order: RealScalar | None = None

    def __check_init__(self) -> None:
        if self.rtol is None or self.atol is None:
            raise ValueError(
                "`PIDController` got `None` for a tolerance; expected numbers. `rtol=1e-3, atol=1e-6` is a good start."
            )
        for name in ("rtol", "atol"):
            for leaf in jax.tree.leaves(getattr(self, name)):
                _check_tolerance(name, leaf)
        if not callable(self.norm):
            raise TypeError(
                f"`PIDController` got `norm={self.norm!r}`; expected a function of a pytree such as `nde.rms_norm`."
            )
        self._check_ranges()

    @property
    def needs_error(self) -> bool:
        """True."""
        return True

    @property
    def may_stop(self) -> bool:
        """Whether there is a least step."""
        return self.dtmin is not None

    def wrap(self, clock: Clock) -> "PIDController":
        """Nothing depends on time."""
        del clock
        return self

    def check(self, t0: Time, t1: Time) -> IntScalar:
        """Whether the tolerances make sense."""
        del t0, t1
        rtol, atol = jnp.asarray(least(self.rtol)), jnp.asarray(least(self.atol))
        good = (rtol >= 0) & (atol >= 0) & (self._least_sum(rtol, atol) > 0)
        return jnp.where(good, SUCCESSFUL, code_of(RESULTS.bad_tolerance))

    def init(
        self, slope: Callable[[Time, Y], Y], t0: Time, t1: Time, y0: Y, dt0: Time | None, error_order: RealScalar
    ) -> tuple[Plan, PyTree[Any]]:
        """The first step: `dt0`, or one from the first two derivatives."""
        self._check_numbers()
        if dt0 is None:
            order = self._order(error_order)
            dt0 = initial_step(slope, t0, t1, y0, order, self.rtol, self.atol, self.norm)
        if self.dtmax is not None:
            dt0 = jnp.minimum(dt0, jnp.asarray(self.dtmax, t0.dtype))
        if self.dtmin is not None:
            dt0 = jnp.maximum(dt0, jnp.asarray(self.dtmin, t0.dtype))
        leaves = jax.tree.leaves(y0)
        one = jnp.ones((), common_dtype(*map(real_dtype, leaves)) if leaves else None)  # as norms of nothing are
        memory = _Memory(
            last=None if _zero(self.pcoeff) and _zero(self.dcoeff) else one,
            before=None if _zero(self.dcoeff) else one,
            at_dtmin=None if self.dtmin is None else dt0 <= jnp.asarray(self.dtmin, t0.dtype),
        )
        return Plan(end=t0 + jax.lax.stop_gradient(dt0)), memory

    def decide(self, trial: StepTrial, state: _Memory) -> StepDecision:
        """Accept the step if its scaled error is below one; the next is larger or smaller by the error's power."""
        scaled = jax.lax.stop_gradient(self._scaled_error(trial.y0, trial.y1, trial.error))
        finite = jnp.isfinite(scaled)
        accepted = scaled < 1
        if state.at_dtmin is not None:
            accepted = accepted | (state.at_dtmin & finite)
        factor = self._factor(scaled, accepted, self._order(trial.error_order), state)
        h = jax.lax.stop_gradient(trial.step.h * factor.astype(trial.step.h.dtype))
        h, at_dtmin, code = self._limit(h)
        if state.at_dtmin is not None and code is not None:
            code = jnp.where(state.at_dtmin & ~finite, code_of(RESULTS.nonfinite), code)
        start = jnp.where(accepted, trial.plan.end, trial.step.start)
        usable = jnp.where(scaled > 0, scaled, 1)
        memory = _Memory(
            last=None if state.last is None else jnp.where(accepted, usable.astype(state.last.dtype), state.last),
            before=None
            if state.before is None or state.last is None
            else jnp.where(accepted, state.last, state.before),
            at_dtmin=at_dtmin,
        )
        return StepDecision(
            accepted=accepted,
            plan=Plan(end=start + h),
            state=memory,
            code=code,
            finite=finite,
        )

    def _check_ranges(self) -> None:
        """Whether the settings given as Python numbers make sense.

        Raises:
            TypeError: If one is a truth value.
            ValueError: If one is out of its range, or `dtmin` is above `dtmax`.
        """
        for name, (holds, wanted) in _RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool | np.bool_):
                raise TypeError(f"`PIDController` got `{name}={value}`; expected {wanted}.")
            if _is_number(value) and not holds(value):
                raise ValueError(f"`PIDController` got `{name}={value}`; expected {wanted}.")
        if _is_number(self.dtmin) and _is_number(self.dtmax) and self.dtmin > self.dtmax:
            raise ValueError(
                f"`PIDController` got `dtmin={self.dtmin}` above `dtmax={self.dtmax}`; the smallest step cannot exceed "
                "the largest."
            )

    def _check_numbers(self) -> None:
        """Whether all settings but tolerances are single numbers.

        Raises:
            TypeError: If one is no number.
            ValueError: If one is an array of numbers.
        """
        names = ("pcoeff", "icoeff", "dcoeff", "dtmin", "dtmax", "factormin", "factormax", "safety", "error_order")
        for name in names:
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, str | complex) or not eqx.is_array_like(value):
                raise TypeError(f"`PIDController` got `{name}={value!r}`; expected a real number.")
            if np.shape(value) != ():
                raise ValueError(f"`PIDController` got `{name}` of shape {np.shape(value)}; expected a single number.")

    def _least_sum(self, rtol: Array, atol: Array) -> Array:
        """The least sum of the two tolerances of a component, as far as it is known without the state."""
        rtols, atols = jax.tree.leaves(self.rtol), jax.tree.leaves(self.atol)
        alike = jax.tree.structure(self.rtol) == jax.tree.structure(self.atol)
        if alike and all(np.shape(r) == np.shape(a) for r, a in zip(rtols, atols, strict=True)):
            return jnp.asarray(least(jax.tree.map(jnp.add, self.rtol, self.atol)))
        return rtol + atol

    def _scaled_error(self, y0: Y, y1: Y, error: Y | None) -> Array:
        """The norm of the error in units of the tolerance; infinite where it is not a number."""
        sizes = jax.tree.map(lambda a, b: jnp.maximum(jnp.abs(a), jnp.abs(b)), y0, y1)
        norm = jnp.asarray(self.norm(jax.tree.map(in_units, error, error_scale(self.rtol, self.atol, sizes))))
        if norm.shape != ():
            raise ValueError(f"`PIDController` got a `norm` whose values have shape {norm.shape}, not `()`.")
        return jnp.where(jnp.isnan(norm), jnp.inf, norm)

    def _factor(self, scaled: Array, accepted: BoolScalar, order: RealScalar, memory: _Memory) -> Array:
        """The factor between this step's size and the next's."""
        factor = self.safety * scaled ** (-(self.icoeff + self.pcoeff + self.dcoeff) / order)
        if memory.last is not None:
            factor = factor * memory.last ** ((self.pcoeff + 2 * self.dcoeff) / order)
        if memory.before is not None:
            factor = factor * memory.before ** (-self.dcoeff / order)
        least = jnp.where(accepted, 1, self.factormin)
        most = jnp.where(accepted, self.factormax, self.safety)
        return jnp.clip(factor, least, most)

    def _limit(self, h: Time) -> tuple[Time, BoolScalar | None, IntScalar | None]:
        """The step size between `dtmin` and `dtmax`, whether it is at `dtmin`, and a code if that is forbidden."""
        if self.dtmax is not None:
            h = jnp.minimum(h, jnp.asarray(self.dtmax, h.dtype))
        if self.dtmin is None:
            return h, None, None
        dtmin = jnp.asarray(self.dtmin, h.dtype)
        forbidden = (h < dtmin) & (not self.force_dtmin)
        code = jnp.where(forbidden, code_of(RESULTS.dt_min_reached), SUCCESSFUL)
        return jnp.maximum(h, dtmin), h <= dtmin, code

    def _order(self, error_order: RealScalar) -> RealScalar:
        return error_order if self.error_order is None else self.error_order


def _zero(coefficient: RealScalar) -> bool:
    return isinstance(coefficient, int | float) and coefficient == 0


def _check_tolerance(name: str, value: object) -> None:
    """Whether a tolerance may be one; what is negative or not a number is found by the solve."""
    wrong = isinstance(value, str | complex | bool | np.bool_)
    if wrong or not (np.isscalar(value) or eqx.is_array_like(value)):
        raise TypeError(f"`PIDController` got `{value!r}` in `{name}`; expected real numbers or arrays.")
    if _is_number(value) and math.isinf(value):
        raise ValueError(f"`PIDController` got `{value}` in `{name}`; expected finite numbers.")


def _is_number(value: object) -> TypeGuard[float]:
    """Whether `value` is a number that is known now, not an array of a trace."""
    return isinstance(value, int | float | np.number)


_RANGES: dict[str, tuple[Callable[[float], bool], str]] = {
    "pcoeff": (math.isfinite, "a finite number"),
    "icoeff": (lambda number: 0 <= number < math.inf, "a finite number that is not negative"),
    "dcoeff": (math.isfinite, "a finite number"),
    "dtmin": (lambda h: 0 <= h < math.inf, "a finite step size that is not negative"),
    "dtmax": (lambda h: h > 0, "a positive step size"),
    "factormin": (lambda factor: 0 < factor <= 1, "a factor in (0, 1]"),
    "factormax": (lambda factor: factor >= 1, "a factor of at least 1"),
    "safety": (lambda share: 0 < share <= 1, "a share of the tolerance in (0, 1]"),
    "error_order": (lambda order: 0 < order < math.inf, "a positive, finite number"),
}
"""For each setting with a range, the test of a value and the range in words."""
