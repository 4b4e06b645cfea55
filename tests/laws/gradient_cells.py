"""The table of gradients: what is differentiated, and what its gradient must be."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

import nde
from tests.laws.compiling import quick_jit
from tests.laws.methods import CONTROLLERS, LANDMARKS, SAVE_FORMS, solver_of
from tests.laws.problems import spinning_logistic

MAX_STEPS = 48
T0, T1 = 0.05, 1.0
TS = (0.241, 0.519, 0.87)
"""Times inside the steps that the controllers take: at their ends an interpolant has no derivative."""
EPS = 1e-6

DEFAULT = nde.RecursiveCheckpointAdjoint()


def inputs() -> dict[str, Array]:
    """All that a solve can be differentiated with respect to; `spin` is captured by the vector field."""
    return {
        "y0": jnp.asarray([0.4, 0.3]),
        "rate": jnp.asarray(1.3),
        "spin": jnp.asarray(0.8),
        "t0": jnp.asarray(T0),
        "t1": jnp.asarray(T1),
        "ts": jnp.asarray(TS),
    }


def flat_inputs() -> Array:
    return ravel_pytree(inputs())[0]


def inputs_of(flat: Array) -> dict[str, Array]:
    return ravel_pytree(inputs())[1](flat)


def steps_at(grid: Array | None, solver: str, controller: str, p: dict[str, Array]) -> tuple[Any, Any]:
    """`dt0` and the controller; with a grid the one that steps on it, and begins anew behind the same jumps."""
    if grid is not None and controller == "clip":
        return None, nde.ClipStepSizeController(nde.StepTo(ts=grid), jump_ts=jnp.asarray(LANDMARKS[1:]))
    if grid is not None:
        return None, nde.StepTo(ts=grid)
    return CONTROLLERS[controller](solver, p["t0"], p["t1"])


def loss(
    flat: Array, solver: str, controller: str, form: str, adjoint: Any = DEFAULT, grid: np.ndarray | None = None
) -> Array:
    """A weighted sum of all that one form of saving saves; on a recorded grid, if one is given."""
    p = inputs_of(flat)
    term = nde.ODETerm(lambda t, y, args: spinning_logistic(t, y, (args, p["spin"])))
    saveat, read = SAVE_FORMS[form]
    frozen = None if grid is None else frozen_grid(grid, controller, p)
    dt0, control = steps_at(frozen, solver, controller, p)
    sol = nde.diffeqsolve(
        term,
        solver_of(solver),
        p["t0"],
        p["t1"],
        dt0,
        p["y0"],
        args=p["rate"],
        saveat=saveat(p["ts"]),
        stepsize_controller=control,
        adjoint=adjoint,
        max_steps=MAX_STEPS,
    )
    values = jnp.concatenate([jnp.ravel(v) for v in read(sol, p["ts"])])
    return jnp.cos(jnp.arange(values.size)) @ values


@functools.cache
def recorded_grid(solver: str, controller: str) -> np.ndarray:
    """The ends of the steps that the controller takes."""
    p = inputs()
    dt0, control = steps_at(None, solver, controller, p)

    @quick_jit
    def run(y0: Array) -> Any:
        return nde.diffeqsolve(
            nde.ODETerm(spinning_logistic),
            solver_of(solver),
            p["t0"],
            p["t1"],
            dt0,
            y0,
            args=(p["rate"], p["spin"]),
            saveat=nde.SaveAt(steps=True),
            stepsize_controller=control,
            max_steps=MAX_STEPS,
        ).ts

    ts = np.asarray(run(p["y0"]))
    return ts[np.isfinite(ts)]


def frozen_grid(recorded: np.ndarray, controller: str, p: dict[str, Array]) -> Array:
    """The recorded grid as a function of the inputs.

    A step that the controller chose has a constant length, so its end moves with the start of the solve, until a step
    ends at a time that was given. `StepTo` is given all of its times.
    """
    if controller == "step_to":
        return CONTROLLERS[controller]("", p["t0"], p["t1"])[1].ts
    first_landmark = LANDMARKS[0] if controller == "clip" else np.inf
    moves = recorded[:-1] < first_landmark
    inside = recorded[:-1] + jnp.where(moves, p["t0"] - T0, 0)
    return jnp.concatenate([p["t0"][None], inside, p["t1"][None]])


@functools.cache
def finite_differences(solver: str, controller: str, form: str) -> np.ndarray:
    """The gradient of the loss on the frozen grid by central differences."""
    grid = recorded_grid(solver, controller)
    steps = EPS * jnp.eye(flat_inputs().size)
    points = flat_inputs()[None] + jnp.concatenate([steps, -steps])
    values = quick_jit(jax.vmap(lambda flat: loss(flat, solver, controller, form, DEFAULT, grid)))(points)
    plus, minus = jnp.split(values, 2)
    return np.asarray((plus - minus) / (2 * EPS))


@functools.cache
def gradient(solver: str, controller: str, form: str, adjoint: Any, common: bool = False) -> np.ndarray:
    """The gradient of the loss by an adjoint, in the mode that it has; on the common grid, if there is one."""
    grid = common_grid(solver, controller) if common else None
    derivative = jax.jacfwd if isinstance(adjoint, nde.ForwardMode) else jax.grad
    run = quick_jit(derivative(lambda flat: loss(flat, solver, controller, form, adjoint, grid)))
    return np.asarray(run(flat_inputs()))


def common_grid(solver: str, controller: str) -> np.ndarray | None:
    """A grid for methods to be compared on to rounding, where each would choose another one; `None` where none would.

    The error estimate of a high order is mostly rounding, which differs between two compiled programs: so do the steps
    that follow from it, by up to 1e-6 (see `TIME_ROUNDING`), and gradients with them.
    """
    chosen = controller in ("pid", "clip") and solver_of(solver).order() > 5
    return recorded_grid(solver, controller) if chosen else None


def assert_gradients_close(actual: np.ndarray, expected: np.ndarray, rtol: float) -> None:
    """All gradients agree; a message that names the input of which it does not."""
    scale = np.abs(expected).max()
    for name, a, e in zip(
        sorted(inputs()), *(inputs_of(jnp.asarray(g)).values() for g in (actual, expected)), strict=True
    ):
        np.testing.assert_allclose(a, e, rtol=rtol, atol=rtol * scale, err_msg=f"gradient to {name}")
