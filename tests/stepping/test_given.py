"""Steps that are given: constant ones, and times to step to."""

import jax.numpy as jnp
import numpy as np
import pytest

import nde

pytestmark = pytest.mark.usefixtures("x64")


def ends(controller, t0, t1, dt0) -> np.ndarray:
    sol = nde.diffeqsolve(
        nde.ODETerm(lambda t, y, args: -y),
        nde.Heun(),
        t0,
        t1,
        dt0,
        jnp.asarray(1.0),
        saveat=nde.SaveAt(t0=True, steps=True),
        stepsize_controller=controller,
        max_steps=1000,
    )
    return np.asarray(sol.ts[np.isfinite(sol.ts)])


@pytest.mark.parametrize(("t0", "t1", "dt0"), [(0.0, 1.0, 0.3), (1.0, -1.0, -0.4), (1000.0, 1001.0, 0.01)])
def test_constant_steps_do_not_drift(t0, t1, dt0):
    steps = int(np.ceil(round((t1 - t0) / dt0, 9)))
    wanted = np.append(t0 + dt0 * np.arange(steps), t1)
    np.testing.assert_allclose(ends(nde.ConstantStepSize(), t0, t1, dt0), wanted, rtol=1e-15)


@pytest.mark.parametrize("steps", [7, 13, 49, 333])
def test_constant_steps_that_divide_the_interval_leave_no_sliver(steps):
    for t0 in np.linspace(0.05, 1.0, 5):
        assert len(ends(nde.ConstantStepSize(), t0, t0 + 1.0, 1.0 / steps)) == steps + 1


def test_steps_end_at_the_times_given():
    ts = np.array([0.0, 0.1, 0.15, 0.7, 1.0])
    np.testing.assert_array_equal(ends(nde.StepTo(ts=ts), 0.0, 1.0, None), ts)
    np.testing.assert_array_equal(ends(nde.StepTo(ts=ts[::-1]), 1.0, 0.0, None), ts[::-1])


@pytest.mark.parametrize("ts", [[0.0, 0.5], [0.1, 1.0], [0.0, 0.7, 0.5, 1.0]])
def test_times_that_do_not_lead_from_start_to_end(ts):
    with pytest.raises(nde.SolveError, match="start at t0, end at t1"):
        ends(nde.StepTo(ts=ts), 0.0, 1.0, None)
