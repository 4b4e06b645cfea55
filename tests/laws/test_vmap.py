"""A vmapped solve equals a loop of solves: the same steps, the same values."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.laws.compiling import quick_jit
from tests.laws.methods import (
    ADAPTIVE,
    CONTROLLERS,
    SAVE_FORMS,
    SOLVERS,
    TIME_ROUNDING,
    VALUE_ROUNDING,
    damps,
    pairwise,
    solver_of,
    steps_of,
    works_with,
)
from tests.laws.problems import spinning_logistic

pytestmark = pytest.mark.usefixtures("x64")

RATES = (0.5, 2.0, 9.0, 30.0)
ENDS = (1.0, 0.8, 1.3, 1.1)
ALIKE = {"Rodas4"}
"""Methods that take as many steps at one of these rates as at another: stability does not shorten theirs."""
CELLS = pairwise(tuple(CONTROLLERS), tuple(SAVE_FORMS))


def starts() -> jax.Array:
    return jax.random.uniform(jax.random.key(0), (len(RATES), 2), minval=0.2, maxval=0.9)


def solve_one(name: str, saveat: Callable[[Any], Any], controls: Callable[..., Any]) -> Callable[..., nde.Solution]:
    """The solve of one lane."""

    def run(y0: jax.Array, rate: jax.Array, t1: jax.Array) -> nde.Solution:
        dt0, controller = controls(name, jnp.asarray(0.0), t1)
        return nde.diffeqsolve(
            nde.ODETerm(spinning_logistic),
            solver_of(name),
            0.0,
            t1,
            dt0,
            y0,
            args=(rate, 0.8),
            saveat=saveat(jnp.asarray([0.11, 0.36, 0.52]) * t1),
            stepsize_controller=controller,
            max_steps=150,
        )

    return run


def assert_same(together: Any, alone: Any, lane: Any, rounding: float) -> None:
    """A lane of a vmapped solve equals a solve of its own."""
    for key in ("num_steps", "num_accepted_steps", "num_rejected_steps"):
        assert together.stats[key][lane] == alone.stats[key], key
    ours = jax.tree.map(lambda x: x[lane], (together.ts, together.ys))
    jax.tree.map(functools.partial(np.testing.assert_allclose, rtol=rounding), ours, (alone.ts, alone.ys))


@pytest.mark.parametrize("name", SOLVERS)
def test_lanes_of_different_length_equal_solves_of_their_own(name: str) -> None:
    run = solve_one(name, lambda ts: nde.SaveAt(ts=ts, t1=True), lambda name, t0, t1: steps_of(name))
    rates = jnp.asarray(RATES) / (1 if damps(name) else 10)
    lanes = (starts(), rates, jnp.asarray(ENDS))
    together, alone = quick_jit(jax.vmap(run))(*lanes), quick_jit(run)
    for lane in range(len(RATES)):
        assert_same(together, alone(*(x[lane] for x in lanes)), lane, VALUE_ROUNDING)
    least = 3 if name in ADAPTIVE and name not in ALIKE else 2
    assert len(set(together.stats["num_steps"].tolist())) >= least


@pytest.mark.parametrize(("controller", "form"), CELLS)
def test_every_form_of_saving_under_every_controller(controller: str, form: str) -> None:
    name = "Tsit5"
    assert works_with(name, controller)
    saveat, read = SAVE_FORMS[form]
    run = solve_one(name, saveat, CONTROLLERS[controller])

    def values(y0: jax.Array, rate: jax.Array, t1: jax.Array) -> tuple[Any, Any]:
        sol = run(y0, rate, t1)
        return sol, read(sol, jnp.asarray([0.2, 0.63]) * t1)

    lanes = (starts(), jnp.asarray(RATES), jnp.asarray(ENDS))
    together, read_together = quick_jit(jax.vmap(values))(*lanes)
    alone = quick_jit(values)
    for lane in range(len(RATES)):
        sol, read_alone = alone(*(x[lane] for x in lanes))
        assert_same(together, sol, lane, TIME_ROUNDING)
        for ours, theirs in zip(read_together, read_alone, strict=True):
            np.testing.assert_allclose(ours[lane], theirs, rtol=TIME_ROUNDING)


def test_nested_vmap_equals_loops() -> None:
    run = solve_one("Tsit5", lambda ts: nde.SaveAt(ts=ts, steps=2), CONTROLLERS["pid"])
    inner = jax.vmap(run, in_axes=(0, None, None))
    together = quick_jit(jax.vmap(inner, in_axes=(None, 0, 0)))(starts(), jnp.asarray(RATES), jnp.asarray(ENDS))
    alone = quick_jit(run)
    for i in range(len(RATES)):
        for j in range(len(RATES)):
            assert_same(together, alone(starts()[j], RATES[i], ENDS[i]), (i, j), TIME_ROUNDING)


def test_vmap_over_tolerances_equals_loop() -> None:
    def run(tolerance: jax.Array) -> nde.Solution:
        return nde.diffeqsolve(
            nde.ODETerm(spinning_logistic),
            nde.Dopri5(),
            0.0,
            1.0,
            None,
            jnp.asarray([0.4, 0.3]),
            args=(1.3, 0.8),
            stepsize_controller=nde.PIDController(rtol=tolerance, atol=tolerance),
        )

    tolerances = jnp.asarray([1e-2, 1e-5, 1e-9])
    together, alone = quick_jit(jax.vmap(run))(tolerances), quick_jit(run)
    for lane, tolerance in enumerate(tolerances):
        assert_same(together, alone(tolerance), lane, VALUE_ROUNDING)


def test_solution_of_a_batch_evaluates_in_each_lane() -> None:
    run = solve_one("Tsit5", lambda ts: nde.SaveAt(dense=True), CONTROLLERS["pid"])
    together = quick_jit(jax.vmap(run))(starts(), jnp.asarray(RATES), jnp.asarray(ENDS))
    ts = 0.4 * jnp.asarray(ENDS)
    values = jax.vmap(lambda sol, t: sol.evaluate(t))(together, ts)
    for lane in range(len(RATES)):
        sol = quick_jit(run)(starts()[lane], RATES[lane], ENDS[lane])
        np.testing.assert_allclose(values[lane], sol.evaluate(ts[lane]), rtol=VALUE_ROUNDING)
