"""Checks of the arguments of a solve: of their structure at trace time, of their numbers by a code."""

import dataclasses
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from nde.core.describe import describe
from nde.core.results import RESULTS, SUCCESSFUL, code_of, first_failure
from nde.core.types import IntScalar, Time
from nde.gradients import AbstractAdjoint
from nde.integrate.event import AbstractEvent
from nde.integrate.output import AtTimes
from nde.integrate.problem import Differentiable, Setup
from nde.integrate.progress import AbstractProgressMeter
from nde.solve.saveat import SaveAt
from nde.solvers import AbstractSolver
from nde.stepping import AbstractStepSizeController
from nde.terms import AbstractTerm


def check_types(
    terms: Any, solver: Any, controller: Any, saveat: Any, event: Any, adjoint: Any, progress_meter: Any
) -> None:
    """Whether each argument is of its kind.

    Raises:
        TypeError: If one is not.
    """
    kinds = (
        ("terms", terms, AbstractTerm, "nde.ODETerm(vector_field)"),
        ("solver", solver, AbstractSolver, "nde.Tsit5()"),
        ("stepsize_controller", controller, AbstractStepSizeController, "nde.PIDController(rtol=1e-3, atol=1e-6)"),
        ("saveat", saveat, SaveAt, "nde.SaveAt(ts=...)"),
        ("adjoint", adjoint, AbstractAdjoint, "nde.RecursiveCheckpointAdjoint()"),
        ("progress_meter", progress_meter, AbstractProgressMeter, "nde.TextProgressMeter()"),
    )
    for name, value, kind, example in kinds:
        if not isinstance(value, kind):
            raise TypeError(
                f"`diffeqsolve` got {describe(value)} as `{name}`; expected an instance such as `{example}`."
            )
    if event is not None and not isinstance(event, AbstractEvent):
        raise TypeError(
            f"`diffeqsolve` got {describe(event)} as `event`; expected `None` or a rule such as `nde.steady_state()`."
        )


def check_structure(
    solver: AbstractSolver, controller: AbstractStepSizeController, saveat: SaveAt, max_steps: int | None
) -> None:
    """Whether the parts fit together.

    Raises:
        ValueError: If they do not.
    """
    if controller.needs_error and not solver.adaptive:
        raise ValueError(
            f"Got {type(solver).__name__}, which estimates no error, with {type(controller).__name__}, which needs "
            "one. Use a solver such as `nde.Tsit5()`, or `nde.ConstantStepSize()` with a `dt0`."
        )
    if max_steps is not None and max_steps < 1:
        raise ValueError(f"Got `max_steps={max_steps}`; expected a positive number of steps, or `None` for no bound.")
    steps = any(sub.steps for sub in saveat.leaves())
    every = max((sub.steps for sub in saveat.leaves()), default=0)
    if max_steps is not None and every > max_steps:
        raise ValueError(
            f"Got `SaveAt(steps={every})` with `max_steps={max_steps}`: no step would ever be saved. Raise "
            "`max_steps`, or save more often."
        )
    if max_steps is None and (steps or saveat.dense):
        what = "SaveAt(steps=...)" if steps else "SaveAt(dense=True)"
        raise ValueError(f"Got `max_steps=None` with `{what}`, which must know how much to store. Give a bound.")


def with_event(setup: Setup, event: AbstractEvent, term: AbstractTerm) -> Setup:
    """The setup of a solve that an event may end.

    Raises:
        TypeError: If there is noise, with which no state is at rest.
    """
    if event.may_stop and term.noisy:
        raise TypeError(
            f"`diffeqsolve` got noise and `{type(event).__name__}` as `event`; with noise no state comes to rest."
        )
    return dataclasses.replace(setup, event=event)


def code_of_inputs(problem: Differentiable, controller: AbstractStepSizeController, dt0: Time | None) -> IntScalar:
    """`SUCCESSFUL`, or the code of the first thing that is wrong with the numbers."""
    t0, t1 = problem.t0, problem.t1
    code = jnp.asarray(SUCCESSFUL, jnp.int32)
    if dt0 is not None:
        forward = (dt0 > 0) | ((t0 == t1) & (dt0 != 0))
        code = _fails(~(jnp.isfinite(dt0) & forward), RESULTS.bad_dt0)
    code = first_failure(code, jnp.asarray(controller.check(t0, t1), jnp.int32))
    for output in problem.outputs:
        if isinstance(output, AtTimes):
            ts = output.ts
            code = first_failure(code, _fails(jnp.any(ts[1:] < ts[:-1]), RESULTS.bad_ts_order))
            code = first_failure(code, _fails(~jnp.all((ts >= t0) & (ts <= t1)), RESULTS.bad_ts_range))
    return code


def _fails(condition: Array, why: RESULTS) -> IntScalar:
    return jnp.where(condition, code_of(why), SUCCESSFUL).astype(jnp.int32)
