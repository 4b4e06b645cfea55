"""What the user gave, in the form that the loops trust."""

import dataclasses
from typing import Any

import equinox as eqx
import equinox.internal as eqxi
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from nde.core.arrays import inexact_arrays, strong
from nde.core.clock import Clock, clock_of
from nde.core.closure import closure_convert
from nde.core.tree import common_dtype, real_dtype
from nde.core.types import Args, RealScalar, Time, Y
from nde.integrate.drives import drives_of_grid
from nde.integrate.knots import end_at_knots
from nde.integrate.output import AtSteps, AtTimes, DenseSteps, Output
from nde.integrate.problem import Differentiable, Resume, Setup
from nde.integrate.progress import AbstractProgressMeter
from nde.solve.check import check_structure, code_of_inputs
from nde.solve.collective import axes_seen, synchronize
from nde.solve.cost import is_costly, is_elementwise
from nde.solve.saveat import SaveAt
from nde.solvers import AbstractSolver
from nde.stepping import AbstractStepSizeController
from nde.terms import AbstractTerm


class SolverResume(eqx.Module):
    """A solver's last state and cache, as `Solution.solver_state` holds them, and the name of its class."""

    state: PyTree[Any]
    cache: PyTree[Any]
    of: str = eqx.field(static=True)


class ControllerResume(eqx.Module):
    """A controller's last state, the step it wanted next, and its class, as `Solution.controller_state` holds them."""

    state: PyTree[Any]
    h: Time
    of: str = eqx.field(static=True)


def normalize(
    terms: AbstractTerm,
    solver: AbstractSolver,
    t0: RealScalar,
    t1: RealScalar,
    dt0: RealScalar | None,
    y0: Y,
    args: Args,
    saveat: SaveAt,
    controller: AbstractStepSizeController,
    max_steps: int | None,
    meter: AbstractProgressMeter,
    solver_state: SolverResume | None,
    controller_state: ControllerResume | None,
    made_jump: Any,
) -> tuple[Differentiable, Setup]:
    """The problem and its setup: times as loop times of one dtype, states as arrays, functions closure-converted."""
    check_structure(solver, controller, saveat, max_steps)
    _check_of("solver_state", solver_state, solver)
    _check_of("controller_state", controller_state, controller)
    y0 = inexact_arrays(y0)
    args = jax.tree.map(lambda x: jnp.asarray(x) if isinstance(x, np.ndarray | np.generic) else x, args)
    dtype = time_dtype([t0, t1, dt0, *(sub.ts for sub in saveat.leaves())], y0)
    t0, t1 = strong(t0, dtype), strong(t1, dtype)
    clock = clock_of(t0, t1)
    term = terms.closed(t0, y0, args)
    solver = solver.specialize(term, t0, y0, args)
    weights, bare = eqx.partition(solver, eqx.is_inexact_array)
    step = None if dt0 is None else jax.lax.stop_gradient(clock.length(strong(dt0, dtype)))
    axes = axes_seen(term, t0, y0, args)
    wrapped = end_at_knots(synchronize(controller, axes), term).wrap(clock)
    problem = Differentiable(
        term=term,
        y0=y0,
        args=args,
        t0=clock.loop(t0),
        t1=clock.loop(t1),
        landmarks=wrapped.landmarks,
        outputs=outputs_of(saveat, t0, y0, args, clock),
        solver_state=solver.init(term, t0, y0, args) if solver_state is None else solver_state.state,
        drives=_drives(term, solver, wrapped.grid, clock, t0) if term.tabulates else None,
        solver_weights=weights,
    )
    fused = is_elementwise(term, t0, y0, args)
    if term.noisy:
        problem = with_constant_times(problem)
    setup = Setup(
        solver=bare,
        controller=wrapped,
        clock=clock,
        dt0=step,
        code=code_of_inputs(problem, wrapped, step),
        resume=_resume(term, solver, t0, y0, args, dt0, solver_state, controller_state, made_jump),
        meter=meter,
        max_steps=max_steps,
        costly=term.noisy or bool(axes) or is_costly(term, t0, y0, args),
        keeps_step=saveat.controller_state,
        carries_cache=bool(jax.tree.leaves(problem.solver_state)),
        keeps_cache=not fused,
        shares_drive=term.noisy and _shares_drive(solver, problem, fused),
    )
    return problem, setup


def _drives(term: AbstractTerm, solver: AbstractSolver, grid: Array | None, clock: Clock, t0: Time) -> PyTree[Any]:
    """What each step of a known grid sees of the paths; `None` if the grid is not known."""
    if grid is None:
        return None
    ends = clock.real(grid)
    lengths = clock.length(jnp.diff(grid, prepend=clock.loop(t0)[None]))
    return drives_of_grid(term, solver.nodes, solver.needs, jnp.concatenate([t0[None], ends[:-1]]), ends, lengths)


def _shares_drive(solver: AbstractSolver, problem: Differentiable, fused: bool) -> bool:
    """Whether a step is more than one kernel that uses the noise: it has several results, or stages of products."""
    return bool(jax.tree.leaves(problem.solver_state)) or (len(solver.nodes) > 1 and not fused)


def with_constant_times(problem: Differentiable) -> Differentiable:
    """The problem, of which a derivative to a time is an error, whatever the method and mode."""

    def gate(times: Any) -> Any:
        return eqxi.nondifferentiable(times, msg=_NO_TIMES)

    def gated(output: Output) -> Output:
        return AtTimes(gate(output.ts), output.fn) if isinstance(output, AtTimes) else output

    return dataclasses.replace(
        problem,
        t0=gate(problem.t0),
        t1=gate(problem.t1),
        landmarks=gate(problem.landmarks),
        outputs=tuple(gated(output) for output in problem.outputs),
    )


_NO_TIMES = (
    "Got a derivative to `t0`, `t1`, `ts` or times of the controller of a solve with Brownian motion, whose paths have "
    "no derivative in time. Differentiate y0, args or captured variables, or wrap the times in "
    "`jax.lax.stop_gradient`."
)


def outputs_of(saveat: SaveAt, t0: Time, y0: Y, args: Args, clock: Clock) -> tuple[Output, ...]:
    """The outputs of the loop, in the order of the `SubSaveAt`s: times, then steps; dense steps come last."""
    outputs: list[Output] = []
    for sub in saveat.leaves():
        if sub.ts is None and not sub.steps:
            continue
        fn = closure_convert(sub.fn, t0, y0, args)
        if sub.ts is not None:
            outputs.append(AtTimes(clock.loop(strong(sub.ts, t0.dtype)), fn))
        if sub.steps:
            outputs.append(AtSteps(fn, sub.steps))
    if saveat.dense:
        outputs.append(DenseSteps())
    return tuple(outputs)


def time_dtype(times: list[Any], y0: Y) -> Any:
    """The dtype of time: of the times given as arrays, and at least the precision of the state, which is float32.

    Numbers of Python have no dtype of their own: they follow the state.
    """
    given = [t for t in times if t is not None]
    dtype = common_dtype(*given)
    if jnp.issubdtype(dtype, jnp.complexfloating):
        raise TypeError(f"Times of dtype {dtype} were given; `t0`, `t1`, `dt0` and `ts` must be real.")
    arrays = [t for t in given if jnp.issubdtype(common_dtype(t), jnp.floating) and not _follows(t)]
    states = [real_dtype(leaf) for leaf in jax.tree.leaves(y0)]
    if not arrays and not states:
        return common_dtype(float)
    return common_dtype(jnp.float32, *[t.dtype for t in arrays], *states)


def _follows(t: Any) -> bool:
    """Whether a time is a number of Python, or one in disguise."""
    return isinstance(t, int | float) or getattr(t, "weak_type", False)


def _check_of(name: str, state: SolverResume | ControllerResume | None, now: Any) -> None:
    """Whether a state is of the same class as what is to resume from it.

    Raises:
        TypeError: If it is not.
    """
    if state is not None and state.of != type(now).__name__:
        raise TypeError(
            f"`diffeqsolve` got the `{name}` of a solve with `{state.of}`, to resume with `{type(now).__name__}`; pass "
            "it to a solve with the same, or leave it out."
        )


def _resume(
    term: AbstractTerm,
    solver: AbstractSolver,
    t0: Time,
    y0: Y,
    args: Args,
    dt0: RealScalar | None,
    solver_state: SolverResume | None,
    controller_state: ControllerResume | None,
    made_jump: Any,
) -> Resume:
    cache = None if solver_state is None else solver_state.cache
    if solver_state is not None and cache is not None and made_jump is not None:
        fresh = solver.init_cache(term, t0, y0, args, solver_state.state)
        cache = jax.tree.map(lambda f, c: jnp.where(made_jump, f, c), fresh, cache)
    if controller_state is None:
        return Resume(solver_cache=cache)
    h = controller_state.h if dt0 is None else None
    return Resume(solver_cache=cache, controller_state=controller_state.state, h=h)
