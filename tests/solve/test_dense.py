"""Solutions as paths, against the solution in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde

pytestmark = pytest.mark.usefixtures("x64")


def cosine(solver: nde.AbstractSolver, t0: float = 0.0, t1: float = 3.0, tol: float = 1e-8) -> nde.Solution:
    """`y = cos(t)`, with its derivative beside it."""
    return nde.diffeqsolve(
        nde.ODETerm(lambda t, y, args: {"y": y["v"], "v": -y["y"]}),
        solver,
        t0,
        t1,
        None,
        {"y": jnp.cos(t0), "v": -jnp.sin(t0)},
        saveat=nde.SaveAt(dense=True),
        stepsize_controller=nde.PIDController(rtol=tol, atol=tol),
        max_steps=256,
    )


@pytest.mark.parametrize(("t0", "t1"), [(0.0, 3.0), (3.0, -1.0)])
@pytest.mark.parametrize("solver", [nde.Tsit5(), nde.Dopri8(), nde.Vern7()], ids=lambda s: type(s).__name__)
def test_values_derivatives_and_increments(solver: nde.AbstractSolver, t0: float, t1: float):
    sol = cosine(solver, t0, t1)
    ts = np.linspace(t0, t1, 37)
    np.testing.assert_allclose(jax.vmap(sol.evaluate)(ts)["y"], np.cos(ts), atol=1e-6)
    np.testing.assert_allclose(jax.vmap(sol.derivative)(ts)["y"], -np.sin(ts), atol=1e-4)
    np.testing.assert_allclose(sol.evaluate(0.5, 2.5)["y"], np.cos(2.5) - np.cos(0.5), atol=1e-6)


def test_the_derivative_is_that_of_the_values():
    sol = cosine(nde.Tsit5(), tol=1e-4)
    for t in (0.3, 1.1, 2.9):
        slope = jax.grad(lambda t: sol.evaluate(t)["y"])(t)
        np.testing.assert_allclose(sol.derivative(t)["y"], slope, rtol=1e-8)


def test_left_and_right_of_a_jump():
    """The slope is 1 before the jump and -1 behind it; the jump is the end of a step."""
    sol = nde.diffeqsolve(
        nde.ODETerm(lambda t, y, args: jnp.where(t < 0.5, 1.0, -1.0)),
        nde.Tsit5(),
        0.0,
        1.0,
        None,
        jnp.asarray(0.0),
        saveat=nde.SaveAt(dense=True),
        stepsize_controller=nde.ClipStepSizeController(
            nde.PIDController(rtol=1e-6, atol=1e-6), jump_ts=jnp.asarray([0.5])
        ),
        max_steps=64,
    )
    ends = np.asarray(sol.interpolation.steps.end)
    end = ends[np.argmin(np.abs(ends - 0.5))]
    np.testing.assert_allclose(sol.derivative(end, left=True), 1.0, rtol=1e-10)
    np.testing.assert_allclose(sol.derivative(end, left=False), -1.0, rtol=1e-10)
    np.testing.assert_allclose(sol.evaluate(0.75), 0.25, atol=1e-12)


def test_in_a_batch_each_lane_has_its_own_steps():
    def at_half(rate):
        sol = nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: -args * y),
            nde.Tsit5(),
            0.0,
            1.0,
            None,
            jnp.asarray(1.0),
            rate,
            saveat=nde.SaveAt(dense=True),
            stepsize_controller=nde.PIDController(rtol=1e-9, atol=1e-9),
            max_steps=256,
        )
        return sol.evaluate(0.5)

    rates = jnp.asarray([0.1, 1.0, 20.0])
    np.testing.assert_allclose(jax.vmap(at_half)(rates), np.exp(-rates / 2), atol=1e-7)


def test_without_steps_it_says_what_to_pass():
    sol = nde.diffeqsolve(nde.ODETerm(lambda t, y, args: -y), nde.Euler(), 0.0, 1.0, 0.5, 1.0)
    for read in (sol.evaluate, sol.derivative):
        with pytest.raises(ValueError, match="SaveAt\\(dense=True\\)"):
            read(0.5)
