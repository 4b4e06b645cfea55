"""A warning of step sizes that a solver was not fitted for."""

import warnings
from typing import Any

import numpy as np
from jax.core import Tracer
from jaxtyping import Float

from nde.solvers import AbstractSolver
from nde.stepping import AbstractStepSizeController

_UNFITTED = (
    "`{solver}` was fitted for steps from {low:.4g} to {high:.4g}; got steps of {size:.4g}, which it leaves without "
    "correction. Choose a number of steps that it was fitted for, or fit it for these by `nde.models.fit_hypersolver`."
)


def warn_of_step_sizes(
    solver: AbstractSolver, controller: AbstractStepSizeController, t0: Any, t1: Any, dt0: Any
) -> None:
    """Warn if the solver was fitted for step sizes, and steps are known to have others.

    Args:
        solver: The method.
        controller: How steps are chosen.
        t0: Start of the solve.
        t1: Its end.
        dt0: The size of the first step.
    """
    if solver.fitted_steps is None:
        return
    low, high = solver.fitted_steps
    times = (t0, t1, dt0) if controller.grid is None else (t0, controller.grid)
    if any(time is None or isinstance(time, Tracer) for time in times):
        return
    sizes = _constant_steps(*map(float, times)) if controller.grid is None else np.diff(controller.grid, prepend=t0)
    unfitted = sizes[(sizes < low) | (sizes > high)]
    if len(unfitted):
        name = type(solver).__name__
        warnings.warn(_UNFITTED.format(solver=name, low=low, high=high, size=float(unfitted[0])), stacklevel=3)


def _constant_steps(t0: float, t1: float, dt0: float) -> Float[np.ndarray, " sizes"]:
    """The size of constant steps, and that of the last, if it is shorter by more than rounding."""
    whole = (t1 - t0) / dt0 if dt0 else 0.0
    rest = dt0 * (whole - np.floor(whole + 1e-3))
    return np.array([dt0, rest] if abs(rest) > 1e-3 * abs(dt0) else [dt0])
