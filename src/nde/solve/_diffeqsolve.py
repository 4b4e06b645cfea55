"""The general solve of a differential equation."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from nde.core.compiled import Frozen, compiled, freeze, unfreeze
from nde.core.report import Facts, raise_if_failed
from nde.core.results import RESULTS, code_of, result_of, traced_code
from nde.core.types import Args, BoolScalar, RealScalar, Time, Y
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.gradients.modes import event_time
from nde.integrate.event import AbstractEvent, NoEvent
from nde.integrate.outcome import Outcome
from nde.integrate.problem import Differentiable, Setup
from nde.integrate.progress import AbstractProgressMeter, NoProgressMeter
from nde.solve.arguments import check_resumed, check_shards, check_throw, check_times, step_bound
from nde.solve.check import check_types, with_event
from nde.solve.collect import collect
from nde.solve.interpolation import DenseInterpolation
from nde.solve.normalize import ControllerResume, SolverResume, normalize
from nde.solve.saveat import SaveAt
from nde.solve.solution import Solution
from nde.solve.step_sizes import warn_of_step_sizes
from nde.solvers import AbstractSolver
from nde.stepping import AbstractStepSizeController, ConstantStepSize
from nde.stepping.tolerance import is_number, least
from nde.terms import AbstractTerm

_NO_EVENT = NoEvent()


def diffeqsolve(
    terms: AbstractTerm,
    solver: AbstractSolver,
    t0: RealScalar,
    t1: RealScalar,
    dt0: RealScalar | None,
    y0: Y,
    args: Args = None,
    *,
    saveat: SaveAt = SaveAt(t1=True),
    stepsize_controller: AbstractStepSizeController = ConstantStepSize(),
    adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
    event: AbstractEvent | None = None,
    max_steps: int | None = 4096,
    throw: bool = True,
    progress_meter: AbstractProgressMeter = NoProgressMeter(),
    solver_state: PyTree[Any] = None,
    controller_state: PyTree[Any] = None,
    made_jump: Any = None,
) -> Solution:
    """Solve a differential equation (ODE, CDE or SDE) from `t0` to `t1`.

    Works under `jax.jit`, `jax.vmap` and `jax.grad` and their nestings. Numbers (times, tolerances, step sizes, also in
    `args`) are traced: changing them does not compile anew. Outside `jax.jit`, too, a second solve with the same
    functions and shapes does not compile: hand over the same vector field, not a new `lambda` each time.

    **The default controller is `ConstantStepSize`**: steps of size `dt0`, whatever the error. For steps that keep a
    tolerance pass `stepsize_controller=nde.PIDController(rtol=..., atol=...)`.

    Args:
        terms: The right-hand side, `ODETerm(vector_field)`.
        solver: The method, such as `Tsit5()`.
        t0: Start of the solve, in units of time.
        t1: End of the solve; before `t0` for a solve backward in time.
        dt0: Size of the first step (of every step, with constant steps), of the sign of `t1 - t0`; `None` lets an
            adaptive controller choose.
        y0: The state at `t0`, any pytree of arrays or numbers.
        args: Handed to the vector field as it is.
        saveat: What to save; by default the state at `t1`.
        stepsize_controller: How steps are chosen.
        adjoint: How the solve is differentiated.
        event: What may end the solve before t1: `nde.steady_state()`.
        max_steps: Most steps to attempt, or `None` for no bound.
        throw: Whether a failure raises; otherwise `sol.result` holds it. `jax.export` needs `throw=False`.
        progress_meter: Shows how far the solve has come.
        solver_state: `sol.solver_state` of an earlier solve, to resume from it.
        controller_state: `sol.controller_state` of an earlier solve.
        made_jump: `sol.made_jump` of an earlier solve.

    Returns:
        The solution: `sol.ts` and `sol.ys` with a leading axis of times, `sol.stats`, `sol.result`.

    Raises:
        TypeError: If an argument is of the wrong kind, or the vector field returns a dtype that `y0` cannot hold; for a
            mode of differentiation that the `adjoint` does not have (for reverse mode of `ForwardMode`, a
            `RuntimeError`).
        ValueError: If the vector field's result does not fit `y0`, or parts do not fit together.
        SolveError: If the solve fails and `throw=True`. Under `jax.jit` the failure comes as JAX's own runtime error
            with the same words.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        def lotka_volterra(t, y, args):
            prey, predators = y
            return jnp.stack([prey * (1.0 - predators), predators * (prey - 1.0)])

        sol = nde.diffeqsolve(
            nde.ODETerm(lotka_volterra), nde.Tsit5(), 0.0, 10.0, None, jnp.array([2.0, 1.0]),
            saveat=nde.SaveAt(ts=jnp.linspace(0.0, 10.0, 5)),
            stepsize_controller=nde.PIDController(rtol=1e-6, atol=1e-6),
        )
        print(sol.ys)
        ```
    """
    check_types(terms, solver, stepsize_controller, saveat, event, adjoint, progress_meter)
    check_times(t0, t1, dt0)
    check_resumed(solver_state, controller_state, made_jump)
    check_throw(throw)
    max_steps = step_bound(max_steps)
    warn_of_step_sizes(solver, stepsize_controller, t0, t1, dt0)
    times = _as_float(t0), _as_float(t1), _as_float(dt0)
    solution, (t, h) = _solve(
        freeze((terms, solver, adjoint, progress_meter)),
        times,
        y0,
        args,
        saveat,
        stepsize_controller,
        _NO_EVENT if event is None else event,
        max_steps,
        (solver_state, controller_state, made_jump),
    )
    solution.stats["max_steps"] = max_steps
    if not throw:
        return solution
    return raise_if_failed(
        solution,
        lambda s: (s.ys, s.interpolation),
        traced_code(solution.result),
        lambda: _facts(times, stepsize_controller, saveat, solution, t, h),
    )


def _as_float(t: Any) -> Any:
    """The time, of which another value compiles nothing anew, as a whole number beside others would."""
    return float(t) if type(t) is int else t


@compiled(static=("max_steps",))
def _solve(
    parts: Frozen,
    times: tuple[Any, Any, Any],
    y0: Y,
    args: Args,
    saveat: SaveAt,
    controller: AbstractStepSizeController,
    event: AbstractEvent,
    max_steps: int | None,
    states: tuple[SolverResume | None, ControllerResume | None, Any],
) -> tuple[Solution, tuple[Time, Time]]:
    """The solution, where it ended, and with which step."""
    terms, solver, adjoint, meter = unfreeze(parts)
    controller, event = jax.tree.map(
        lambda x: jnp.asarray(x) if isinstance(x, float | np.ndarray) else x, (controller, event)
    )
    problem, setup = normalize(terms, solver, *times, y0, args, saveat, controller, max_steps, meter, *states)
    setup = with_event(setup, event, problem.term)
    check_shards((problem, setup))
    outcome = adjoint.solve(problem, setup)
    if event.may_stop:
        stopped = outcome.code == code_of(RESULTS.event_occurred)
        outcome = eqx.tree_at(lambda o: o.t, outcome, event_time(outcome.t, stopped, outcome.y))
    solution = _solution(problem, setup, saveat, outcome, (type(solver).__name__, type(controller).__name__))
    return solution, (setup.real(outcome.t), setup.clock.length(outcome.h))


def _solution(problem: Differentiable, setup: Setup, saveat: SaveAt, outcome: Outcome, of: tuple[str, str]) -> Solution:
    """The outcome as the user sees it."""
    ts, ys = collect(problem, setup, saveat, outcome)
    dense = _dense(problem, setup, outcome) if saveat.dense else None
    resumable = jax.tree.map(
        jax.lax.stop_gradient, (outcome.solver_cache, outcome.controller_state, outcome.h), is_leaf=eqx.is_array
    )
    cache, controller_state, h = resumable
    if not setup.may_reject:
        cache = None  # that of a lane that ended before others is not kept
    return Solution(
        t0=setup.real(problem.t0),
        t1=setup.real(problem.t1),
        ts=ts,
        ys=ys,
        interpolation=dense,
        stats={
            "num_steps": outcome.steps,
            "num_accepted_steps": outcome.accepted,
            "num_rejected_steps": outcome.steps - outcome.accepted,
        },
        result=result_of(outcome.code),
        solver_state=SolverResume(outcome.solver_state, cache, of[0]) if saveat.solver_state else None,
        controller_state=ControllerResume(controller_state, h, of[1]) if saveat.controller_state else None,
        made_jump=_made_jump(setup, outcome) if saveat.made_jump else None,
        event_mask=outcome.code == code_of(RESULTS.event_occurred) if setup.event.may_stop else None,
    )


def _made_jump(setup: Setup, outcome: Outcome) -> BoolScalar | bool:
    """Whether the solve ended at a jump: known before it runs, if there are none."""
    return setup.controller.jump_at(outcome.t)[0] if setup.controller.jumps else False


def _dense(problem: Differentiable, setup: Setup, outcome: Outcome) -> DenseInterpolation:
    """All steps; if there was none, y0 wherever it is asked."""
    steps = outcome.saved[-1]
    first = jax.tree.map(lambda y, y0: y.at[0].set(jnp.where(outcome.accepted == 0, y0, y[0])), steps.y, problem.y0)
    return DenseInterpolation(eqx.tree_at(lambda s: s.y, steps, first), setup.clock)


def _facts(
    times: tuple[Any, Any, Any],
    controller: AbstractStepSizeController,
    saveat: SaveAt,
    solution: Solution,
    t: Time,
    h: Time,
) -> Facts:
    """What a message about a failure may quote."""
    facts: Facts = {"t0": times[0], "t1": times[1], "t": t, "steps": solution.stats["num_steps"], "step size": h}
    if times[2] is not None:
        facts["dt0"] = times[2]
    for name in ("rtol", "atol"):
        if controller.needs_error:
            tolerance = getattr(controller, name)
            facts[name if is_number(tolerance) else f"least {name}"] = least(tolerance)
    saved = [sub.ts for sub in saveat.leaves() if sub.ts is not None]
    if saved:
        facts["first of ts"], facts["last of ts"] = saved[0][0], saved[0][-1]
    return facts
