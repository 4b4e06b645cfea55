"""Steps that end at given times, and step over jumps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde

pytestmark = pytest.mark.usefixtures("x64")

INNER = nde.PIDController(rtol=1e-9, atol=1e-9)


def solve(field, controller, t0=0.0, t1=2.0, y0=0.0, dt0=None, solver=None):
    return nde.diffeqsolve(
        nde.ODETerm(field),
        solver or nde.Tsit5(),
        t0,
        t1,
        dt0,
        jnp.asarray(y0),
        saveat=nde.SaveAt(subs=[nde.SubSaveAt(steps=True), nde.SubSaveAt(t1=True)]),
        stepsize_controller=controller,
        max_steps=500,
    )


@pytest.mark.parametrize(("t0", "t1"), [(0.0, 2.0), (2.0, 0.0)])
@pytest.mark.parametrize("inner", [INNER, nde.ConstantStepSize()], ids=["pid", "constant"])
def test_steps_end_at_given_times_to_the_last_bit(inner, t0, t1):
    wanted = np.array([1.7, 0.1, 0.3, 1.0 / 3, 5.0, -1.0])
    controller = nde.ClipStepSizeController(inner, step_ts=wanted)
    sol = solve(lambda t, y, args: jnp.cos(t), controller, t0, t1, dt0=0.25 if t1 > t0 else -0.25)
    assert set(wanted[(wanted > 0) & (wanted < 2)]) <= set(np.asarray(sol.ts[0]))
    np.testing.assert_allclose(sol.ys[1][0], np.sin(t1) - np.sin(t0), atol=1e-8)


def two_slopes(t, y, args):
    return jnp.where(t < 0.7, 1.0, jnp.where(t < 1.1, -2.0, 5.0))


@pytest.mark.parametrize(("t0", "t1"), [(0.0, 2.0), (2.0, 0.0)])
def test_a_field_with_jumps_is_solved_to_rounding(t0, t1):
    controller = nde.ClipStepSizeController(INNER, jump_ts=jnp.asarray([1.1, 0.7]))
    sol = solve(two_slopes, controller, t0, t1)
    exact = 0.7 - 2 * 0.4 + 5 * 0.9
    np.testing.assert_allclose(sol.ys[1][0], exact if t1 > t0 else -exact, rtol=1e-12)
    assert sol.stats["num_rejected_steps"] <= 1
    assert sol.stats["num_steps"] < 20


def test_jumps_cost_far_fewer_steps_than_finding_them():
    blind = solve(two_slopes, INNER).stats["num_steps"]
    told = solve(two_slopes, nde.ClipStepSizeController(INNER, jump_ts=jnp.asarray([0.7, 1.1]))).stats["num_steps"]
    assert told * 3 < blind


def test_a_jump_at_zero_time():
    controller = nde.ClipStepSizeController(INNER, jump_ts=jnp.asarray([0.0]))
    sol = solve(lambda t, y, args: jnp.where(t < 0, 1.0, -1.0), controller, -1.0, 1.0)
    np.testing.assert_allclose(sol.ys[1][0], 0.0, atol=1e-12)


@pytest.mark.parametrize("jump", [0.6, 2.0])
def test_a_jump_behind_the_end_is_not_stepped_to(jump):
    controller = nde.ClipStepSizeController(nde.PIDController(rtol=1e-3, atol=1e-3), jump_ts=np.array([jump]))
    sol = solve(lambda t, y, args: 1.0 + 0 * y, controller, t1=0.5, dt0=1.0)
    np.testing.assert_allclose(sol.ys[1], [0.5], rtol=1e-14)


def test_the_gradient_to_a_jump_time():
    """`y(2) = jump - (2 - jump)`, so its derivative is 2."""

    def final(jump):
        controller = nde.ClipStepSizeController(INNER, jump_ts=jump[None])
        field = nde.ODETerm(lambda t, y, jump: jnp.where(t < jump, 1.0, -1.0))
        return nde.diffeqsolve(
            field, nde.Tsit5(), 0.0, 2.0, None, jnp.asarray(0.0), jump, stepsize_controller=controller, max_steps=100
        ).ys[0]

    np.testing.assert_allclose(jax.grad(final)(jnp.asarray(0.8)), 2.0, rtol=1e-9)


def test_misuse():
    with pytest.raises(ValueError, match=r"`jump_ts` of shape \(1, 1\)"):
        nde.ClipStepSizeController(INNER, jump_ts=np.ones((1, 1)))
