"""`HalfSolver`: two halves are the result, the whole step beside them the error, and the noise is that of one path."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde.solvers import StepStart
from tests.laws.compiling import quick_jit

pytestmark = pytest.mark.usefixtures("x64")

KEY = jax.random.key(6)
PID = nde.PIDController(rtol=1e-2, atol=1e-2, pcoeff=0.1, icoeff=0.3)
PATHS = {
    "motion": lambda key: nde.BrownianMotion((), key, nde.SpaceTimeLevyArea),
    "interval": lambda key: nde.BrownianInterval(0.0, 1.0, (), key, nde.SpaceTimeLevyArea),
    "tree": lambda key: nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (), key, nde.SpaceTimeLevyArea),
}


def geometric(motion: Any, volatility: Any = 0.8) -> nde.MultiTerm:
    noise = nde.ControlTerm(lambda t, y, args: volatility * y, motion)
    return nde.MultiTerm(nde.ODETerm(lambda t, y, args: 0.5 * y), noise)


def solved(
    path: str, key: jax.Array = KEY, volatility: Any = 0.8, solver: Any = nde.ItoMilstein(), **options: Any
) -> Any:
    terms = geometric(PATHS[path](key), volatility)
    defaults = {"stepsize_controller": PID, "max_steps": 2048, "dt0": 0.1}
    return nde.diffeqsolve(terms, nde.HalfSolver(solver), 0.0, 1.0, y0=1.0, **{**defaults, **options})


def test_a_step_is_two_halves_and_its_error_their_distance_from_the_whole() -> None:
    solver, term = nde.HalfSolver(nde.Heun()), nde.ODETerm(lambda t, y, args: t * y)

    def heun(t: float, y: float, h: float) -> float:
        k = t * y
        return y + h / 2 * (k + (t + h) * (y + h * k))

    drive, _ = term.prepare(0.3, 0.5, 0.2, solver.nodes, solver.needs, None)
    out = solver.step(term, StepStart(jnp.asarray(2.0), None), None, drive, 0.3, 0.2)
    halves = heun(0.4, heun(0.3, 2.0, 0.1), 0.1)
    np.testing.assert_allclose(out.y, halves, rtol=1e-14)
    np.testing.assert_allclose(out.error, halves - heun(0.3, 2.0, 0.2), rtol=1e-10)
    interpolant = solver.interpolant(term, jnp.asarray(2.0), None, drive, 0.3, 0.2, out.stages)
    np.testing.assert_allclose(2.0 + interpolant.value(jnp.asarray(1.0)), halves, rtol=1e-14)


def test_euler_keeps_a_tolerance() -> None:
    sol = nde.diffeqsolve(
        nde.ODETerm(lambda t, y, args: -y),
        nde.HalfSolver(nde.Euler()),
        0.0,
        2.0,
        None,
        1.0,
        stepsize_controller=nde.PIDController(rtol=1e-4, atol=1e-6),
        saveat=nde.SaveAt(ts=jnp.linspace(0.0, 2.0, 7)),
    )
    np.testing.assert_allclose(sol.ys, np.exp(-np.linspace(0.0, 2.0, 7)), atol=5e-3)


@pytest.mark.slow
def test_adaptive_steps_converge_along_each_path() -> None:
    """Beside the exact solution, `exp(0.5 - 0.8^2 / 2 + 0.8 W)`, where the tree tells W; rejected steps are there."""
    keys = jax.random.split(KEY, 40)
    exact = jnp.exp(0.5 - 0.32 + 0.8 * quick_jit(jax.vmap(lambda key: PATHS["tree"](key).evaluate(0.0, 1.0)))(keys))

    def end(path: str, key: jax.Array, tolerance: jax.Array) -> Any:
        controller = nde.PIDController(rtol=tolerance, atol=tolerance, pcoeff=0.1, icoeff=0.3)
        sol = solved(path, key, stepsize_controller=controller, max_steps=4096)
        return sol.ys[0], sol.stats["num_rejected_steps"]

    for path in ("tree", "interval"):
        run = quick_jit(jax.vmap(lambda key, tol, path=path: end(path, key, tol), in_axes=(0, None)))
        (loose, rejected), (tight, _) = run(keys, 3e-2), run(keys, 1e-3)
        assert int(rejected.sum()) > 0
        far, near = (np.sqrt(np.mean(np.asarray(ys / exact - 1) ** 2)) for ys in (loose, tight))
        assert near < 0.05
        assert near < far / 3


@pytest.mark.parametrize("path", PATHS)
def test_noise_of_a_solve_with_rejections_has_its_law(path: str) -> None:
    """Where drift and diffusion are one, `y(1) - y(0) - 1` is `W(1)`; steps are chosen by a diffusion beside it."""

    def end(key: jax.Array) -> Any:
        noise = nde.ControlTerm(lambda t, y, args: jnp.stack([jnp.ones(()), 2 * jnp.sin(6 * y[0])]), PATHS[path](key))
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: jnp.ones(2)), noise)
        sol = nde.diffeqsolve(
            terms, nde.HalfSolver(nde.Heun()), 0.0, 1.0, 0.25, jnp.zeros(2), stepsize_controller=PID, max_steps=4096
        )
        return sol.ys[0, 0], sol.stats["num_rejected_steps"]

    values, rejected = quick_jit(jax.vmap(end))(jax.random.split(KEY, 1000))
    assert int(rejected.sum()) > 1000
    assert abs(values.mean() - 1.0) < 5 / np.sqrt(1000)
    assert abs(values.var() - 1.0) < 5 * np.sqrt(2 / 1000)


@pytest.mark.parametrize(
    "path", [pytest.param(path, marks=() if path == "interval" else pytest.mark.slow) for path in PATHS]
)
@pytest.mark.parametrize("steps", ["adaptive", "constant"])
def test_gradients_see_the_same_noise(path: str, steps: str) -> None:
    options = {} if steps == "adaptive" else {"stepsize_controller": nde.ConstantStepSize(), "max_steps": 16}
    options = {"max_steps": 256, **options}
    reverse = quick_jit(jax.grad(lambda v: solved(path, volatility=v, **options).ys[0]))(0.8)
    forward = quick_jit(jax.jacfwd(lambda v: solved(path, volatility=v, adjoint=nde.ForwardMode(), **options).ys[0]))
    np.testing.assert_allclose(reverse, forward(0.8), rtol=1e-8)


def test_euler_maruyama_with_noise_that_depends_on_the_state_has_a_warning() -> None:
    with pytest.warns(UserWarning, match="does not converge"):
        solved("tree", solver=nde.Euler())
    noise = nde.ControlTerm(lambda t, y, args: 0.3, nde.BrownianMotion((), KEY))
    additive = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), noise)
    nde.diffeqsolve(additive, nde.HalfSolver(nde.Euler()), 0.0, 1.0, 0.1, 1.0, stepsize_controller=PID)


def test_a_half_of_a_half() -> None:
    with pytest.raises(TypeError, match="halve the method itself"):
        nde.HalfSolver(nde.HalfSolver(nde.Heun()))
