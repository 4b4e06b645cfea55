"""Failures of a solve: told at once, told from a compiled program, told by a code, and kept to their lane."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde

pytestmark = pytest.mark.usefixtures("x64")


def solve(
    size=1.0,
    *,
    field=lambda t, y, size: -size * y,
    t1=1.0,
    dt0=0.1,
    ts=(1.0,),
    rtol=1e-6,
    controller: Callable = lambda rtol: nde.PIDController(rtol=rtol, atol=1e-9),
    throw=True,
    max_steps=64,
) -> nde.Solution:
    return nde.diffeqsolve(
        nde.ODETerm(field),
        nde.Tsit5(),
        0.0,
        t1,
        dt0,
        jnp.asarray(1.0),
        size,
        saveat=nde.SaveAt(ts=jnp.asarray(ts)),
        stepsize_controller=controller(rtol),
        max_steps=max_steps,
        throw=throw,
    )


def blows_up(t, y, size):
    """`y = 1 / (1 - size t)`."""
    return size * y**2


def nowhere_after_a_third(t, y, size):
    return jnp.where(t * size < 1 / 3, -y, jnp.nan)


def least_step(rtol):
    return nde.PIDController(rtol=rtol, atol=1e-9, dtmin=0.05, force_dtmin=False)


def to_times(rtol):
    del rtol
    return nde.StepTo(ts=jnp.asarray([0.1, 0.5, 1.0]))


R = nde.RESULTS
FAILURES = {
    "too many steps": (R.max_steps_reached, {"size": 1e4}, "maximum number of steps"),
    "step underflow": (R.step_underflow, {"field": blows_up, "size": 2.0, "max_steps": 4096}, "too small"),
    "least step": (R.dt_min_reached, {"controller": least_step, "size": 500.0}, "`dtmin`"),
    "nan": (R.nonfinite, {"field": nowhere_after_a_third, "max_steps": 4096}, "not finite"),
    "negative tolerance": (R.bad_tolerance, {"rtol": -1e-3}, "rtol = -0.001"),
    "nan as tolerance": (R.bad_tolerance, {"rtol": float("nan")}, "nonnegative"),
    "no step": (R.bad_dt0, {"dt0": 0.0}, "dt0 = 0"),
    "wrong sign": (R.bad_dt0, {"dt0": -0.1}, "dt0 = -0.1"),
    "step is nan": (R.bad_dt0, {"dt0": float("nan")}, "finite"),
    "unsorted": (R.bad_ts_order, {"ts": (0.5, 0.2)}, "sorted"),
    "outside": (R.bad_ts_range, {"ts": (0.5, 1.2)}, "last of ts = 1.2"),
    "before": (R.bad_ts_range, {"ts": (-0.5, 1.0)}, "first of ts = -0.5"),
    "steps elsewhere": (R.bad_step_ts, {"controller": to_times, "dt0": None, "t1": 2.0}, "start at t0"),
}


@pytest.mark.parametrize(("result", "given", "message"), FAILURES.values(), ids=FAILURES)
def test_told_at_once(result, given, message):
    with pytest.raises(nde.SolveError) as caught:
        solve(**given)
    assert message in str(caught.value)


@pytest.mark.parametrize(("result", "given", "message"), FAILURES.values(), ids=FAILURES)
def test_told_by_a_code(result, given, message):
    sol = solve(**given, throw=False)
    assert sol.result == result
    assert not nde.is_okay(sol.result)


@pytest.mark.parametrize("name", ["too many steps", "nan", "negative tolerance", "outside"])
def test_told_from_a_compiled_program(name):
    _, given, message = FAILURES[name]
    options = {key: value for key, value in given.items() if not isinstance(value, float | tuple)}
    numbers = {key: value for key, value in given.items() if isinstance(value, float | tuple)}
    with pytest.raises(Exception, match="SolveError") as caught:
        jax.block_until_ready(jax.jit(lambda numbers: solve(**options, **numbers).ys)(numbers))
    assert message in str(caught.value)


BATCHES = {
    "too many steps": ({}, "size", [1.0, 1e4, 2.0], R.max_steps_reached),
    "step underflow": ({"field": blows_up, "max_steps": 4096}, "size", [0.5, 2.0, 0.9], R.step_underflow),
    "least step": ({"controller": least_step}, "size", [0.001, 500.0, 0.002], R.dt_min_reached),
    "nan": ({"field": nowhere_after_a_third, "max_steps": 4096}, "size", [0.1, 1.0, 0.2], R.nonfinite),
    "negative tolerance": ({}, "rtol", [1e-3, -1e-3, 1e-4], R.bad_tolerance),
    "wrong sign": ({}, "dt0", [0.1, -0.1, 0.2], R.bad_dt0),
    "outside": ({}, "ts", [(0.3, 0.4), (0.5, 1.2), (0.1, 1.0)], R.bad_ts_range),
}


@pytest.mark.parametrize(("options", "name", "values", "result"), BATCHES.values(), ids=BATCHES)
def test_other_lanes_are_unharmed(options, name, values, result):
    def lane(value):
        sol = solve(**options, **{name: value}, throw=False)
        return sol.ys, sol.result == R.successful, sol.result == result, sol.stats["num_steps"]

    ys, successful, failed, steps = jax.jit(jax.vmap(lane))(jnp.asarray(values))
    np.testing.assert_array_equal(successful, [True, False, True])
    np.testing.assert_array_equal(failed, [False, True, False])
    alone = jax.jit(lane)
    for i in (0, 2):
        wanted = alone(jnp.asarray(values[i]))
        np.testing.assert_allclose(ys[i], wanted[0], rtol=1e-9)
        assert steps[i] == wanted[3]


def test_a_batch_that_throws_names_the_element():
    with pytest.raises(Exception, match="element 1 of the batch"):
        jax.block_until_ready(jax.jit(jax.vmap(lambda size: solve(size).ys))(jnp.asarray([1.0, 1e4])))


TRANSFORMED = {
    "vmap": jax.vmap,
    "vmap of vmap": lambda value: lambda sizes: jax.vmap(jax.vmap(value))(sizes[:, None]),
    "grad of vmap": lambda value: jax.grad(lambda sizes: jax.vmap(value)(sizes).sum()),
    "vmap of grad": lambda value: jax.vmap(jax.grad(value)),
    "vmap of jvp": lambda value: jax.vmap(lambda size: jax.jvp(value, (size,), (jnp.ones_like(size),))),
}


@pytest.mark.parametrize("transformed", TRANSFORMED.values(), ids=TRANSFORMED)
def test_transformations_outside_of_jit_tell_it_at_once(transformed):
    """As `SolveError`, not as the runtime error of a compiled program."""
    adjoint = nde.ForwardMode() if transformed is TRANSFORMED["vmap of jvp"] else nde.RecursiveCheckpointAdjoint()

    def value(size):
        return nde.diffeqsolve(
            nde.ODETerm(lambda t, y, size: -size * y),
            nde.Euler(),
            0.0,
            1.0,
            jnp.where(size > 10, -0.1, 0.1),
            jnp.asarray(1.0),
            size,
            adjoint=adjoint,
        ).ys[0]

    with pytest.raises(nde.SolveError, match=r"dt0 = -0\.1.*element 1(, 0)? of the batch"):
        transformed(value)(jnp.asarray([1.0, 1e4]))


def test_where_it_failed_is_told():
    with pytest.raises(nde.SolveError, match=r"at t = 0\.3.*steps = \d+"):
        solve(field=nowhere_after_a_third, max_steps=4096)


def test_what_was_reached_is_saved():
    sol = solve(field=nowhere_after_a_third, max_steps=4096, ts=(0.1, 0.2, 0.9), throw=False)
    np.testing.assert_allclose(sol.ys[:2], np.exp([-0.1, -0.2]), rtol=1e-5)
    assert np.isinf(sol.ys[2])


def test_a_rejected_step_into_nan_is_tried_again_smaller():
    """The root is of a negative number behind the end of a step that is too large, not on the solution."""
    sol = nde.diffeqsolve(
        nde.ODETerm(lambda t, y, args: -jnp.sqrt(y)),
        nde.Tsit5(),
        0.0,
        1.9,
        1.8,
        jnp.asarray(1.0),
        stepsize_controller=nde.PIDController(rtol=1e-8, atol=1e-8),
    )
    np.testing.assert_allclose(sol.ys[0], (1 - 1.9 / 2) ** 2, rtol=1e-4)
    assert sol.stats["num_rejected_steps"] > 0
