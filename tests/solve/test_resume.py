"""A solve that is cut in two is the solve in one piece."""

import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.laws.problems import spinning_logistic

pytestmark = pytest.mark.usefixtures("x64")

STATES = {"solver_state": True, "controller_state": True, "made_jump": True}
PID = nde.PIDController(rtol=1e-6, atol=1e-6, pcoeff=0.3, icoeff=0.4)


def solve(t0, t1, y0, controller=PID, dt0=0.05, field=spinning_logistic, **given):
    return nde.diffeqsolve(
        nde.ODETerm(field),
        nde.Tsit5(),
        t0,
        t1,
        dt0,
        y0,
        (1.3, 0.8),
        saveat=nde.SaveAt(t1=True, steps=True, **STATES),
        stepsize_controller=controller,
        max_steps=200,
        **given,
    )


def states_of(sol: nde.Solution) -> dict:
    return {name: getattr(sol, name) for name in STATES}


def last(sol: nde.Solution) -> jnp.ndarray:
    return sol.ys[len(steps_of(sol)) - 1]


def steps_of(sol: nde.Solution) -> np.ndarray:
    return np.asarray(sol.ts[np.isfinite(sol.ts)])


def test_the_steps_go_on_as_if_nothing_had_been():
    """Cut where a step of the whole ends, the rest takes the same steps, one evaluation fewer for the first stage."""
    y0 = jnp.asarray([0.4, 0.3])
    whole = solve(0.0, 3.0, y0)
    cut = steps_of(whole)[6]
    first = solve(0.0, cut, y0)
    second = solve(cut, 3.0, last(first), dt0=None, **states_of(first))
    together = np.unique(np.concatenate([steps_of(first), steps_of(second)]))
    np.testing.assert_allclose(together, np.unique(steps_of(whole)), rtol=1e-9)
    np.testing.assert_allclose(last(second), last(whole), rtol=1e-9)


def test_without_the_controllers_state_the_steps_differ():
    """So that the test above can fail."""
    y0 = jnp.asarray([0.4, 0.3])
    whole = solve(0.0, 3.0, y0)
    cut = steps_of(whole)[6]
    first = solve(0.0, cut, y0)
    second = solve(cut, 3.0, last(first), dt0=0.001)
    assert len(steps_of(first)) + len(steps_of(second)) > len(steps_of(whole)) + 2


def test_a_jump_at_the_cut_is_remembered():
    """The slope kept from before the jump must not be used behind it."""

    def field(t, y, args):
        return jnp.where(t < 1.0, 1.0, -1.0) * jnp.ones_like(y)

    controller = nde.ClipStepSizeController(PID, jump_ts=jnp.asarray([1.0]))
    first = solve(0.0, 1.0, jnp.zeros(1), controller, field=field)
    assert first.made_jump
    np.testing.assert_allclose(last(first), 1.0, rtol=1e-12)
    second = solve(1.0, 1.5, last(first), controller, None, field, **states_of(first))
    np.testing.assert_allclose(last(second), 0.5, rtol=1e-12)
    assert not second.made_jump


def test_states_are_kept_only_if_asked_for():
    sol = nde.diffeqsolve(nde.ODETerm(lambda t, y, args: -y), nde.Euler(), 0.0, 1.0, 0.5, 1.0)
    assert (sol.solver_state, sol.controller_state, sol.made_jump) == (None, None, None)
