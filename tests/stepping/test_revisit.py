"""Ends of rejected steps are met again."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde

pytestmark = pytest.mark.usefixtures("x64")


def solve(room, *, field=lambda t, y, args: -50 * y, t1=1.0, dt0=0.7, throw=True, **options):
    controller = nde.PIDController(rtol=1e-4, atol=1e-6)
    clipped = nde.ClipStepSizeController(controller, store_rejected_steps=room)
    term = nde.ODETerm(field)
    return nde.diffeqsolve(
        term,
        nde.Tsit5(),
        0.0,
        t1,
        dt0 * t1,
        1.0,
        stepsize_controller=clipped,
        saveat=nde.SaveAt(steps=True),
        max_steps=256,
        throw=throw,
        **options,
    )


@pytest.mark.parametrize("t1", [1.0, -1.0])
def test_a_first_step_that_was_too_large(t1):
    def field(t, y, args):
        return -50 * t1 * y

    plain, stored = solve(None, field=field, t1=t1), solve(8, field=field, t1=t1)
    assert plain.stats["num_rejected_steps"] > 1
    assert 0.7 * t1 not in np.asarray(plain.ts)
    assert 0.7 * t1 in np.asarray(stored.ts)
    assert int(stored.stats["num_accepted_steps"]) > int(plain.stats["num_accepted_steps"])
    np.testing.assert_allclose(stored.ys[stored.stats["num_accepted_steps"] - 1], np.exp(-50.0), atol=1e-5)


def test_no_more_room():
    sol = solve(1, throw=False)
    assert sol.result == nde.RESULTS.rejected_steps_full
    with pytest.raises(nde.SolveError, match="Raise it, or begin"):
        solve(1)


@pytest.mark.parametrize("room", [0, -1, True])
def test_room_for_none(room):
    with pytest.raises(ValueError, match="`store_rejected_steps="):
        solve(room)


def test_lanes_gradients_and_the_way_back():
    def total(rate, adjoint):
        sol = solve(8, field=lambda t, y, args: -rate * y, adjoint=adjoint)
        return jnp.sum(jnp.where(jnp.isfinite(sol.ts), sol.ys, 0.0))

    rates = jnp.asarray([1.0, 50.0])
    each = [jax.grad(total)(rate, nde.RecursiveCheckpointAdjoint()) for rate in rates]
    together = jax.vmap(jax.grad(lambda rate: total(rate, nde.RecursiveCheckpointAdjoint(checkpoints=8))))(rates)
    np.testing.assert_allclose(together, each, rtol=1e-9)
    np.testing.assert_allclose(jax.grad(total)(1.0, nde.BacksolveAdjoint()), each[0], rtol=1e-2)


def test_along_a_brownian_path():
    motion = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (), jax.random.key(1), levy_area=nde.SpaceTimeLevyArea)
    noise = nde.ControlTerm(lambda t, y, args: 2.0 * y, motion)
    terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), noise)
    inner = nde.PIDController(rtol=1e-2, atol=1e-2)
    sol = nde.diffeqsolve(
        terms,
        nde.SPaRK(),
        0.0,
        1.0,
        0.75,
        1.0,
        stepsize_controller=nde.ClipStepSizeController(inner, store_rejected_steps=32),
        saveat=nde.SaveAt(steps=True),
    )
    assert sol.stats["num_rejected_steps"] > 0
    assert 0.75 in np.asarray(sol.ts)
