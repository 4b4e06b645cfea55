"""A solve backward in time is a forward solve of the reversed problem."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.laws.compiling import quick_jit
from tests.laws.methods import SOLVERS, TIME_ROUNDING, VALUE_ROUNDING, solver_of, steps_of
from tests.laws.problems import SPIN_ARGS, SPIN_Y0, spinning_logistic, spinning_logistic_solution

pytestmark = pytest.mark.usefixtures("x64")

START, STOP = 1.1, 0.1
TS = (0.93, 0.5, 0.1)


def reversed_spin(s: Any, y: Any, args: Any) -> Any:
    """The field in time `s = -t`."""
    return -spinning_logistic(-s, y, args)


def solve(name: str, field: Callable[..., Any], direction: int) -> nde.Solution:
    dt0, controller = steps_of(name)

    @quick_jit
    def run(t0: jax.Array, t1: jax.Array, ts: jax.Array) -> nde.Solution:
        subs = {"ts": nde.SubSaveAt(t0=True, ts=ts), "steps": nde.SubSaveAt(steps=True)}
        return nde.diffeqsolve(
            nde.ODETerm(field),
            solver_of(name),
            t0,
            t1,
            jnp.sign(t1 - t0) * dt0,
            jnp.asarray(SPIN_Y0),
            args=SPIN_ARGS,
            saveat=nde.SaveAt(subs=subs),
            stepsize_controller=controller,
            max_steps=128,
        )

    return run(jnp.asarray(direction * START), jnp.asarray(direction * STOP), direction * jnp.asarray(TS))


@pytest.mark.parametrize("name", SOLVERS)
def test_backward_equals_forward_of_the_reversed_problem(name: str) -> None:
    backward = solve(name, spinning_logistic, 1)
    forward = solve(name, reversed_spin, -1)
    for key in ("num_steps", "num_accepted_steps"):
        assert backward.stats[key] == forward.stats[key]
    np.testing.assert_allclose(backward.ys["ts"], forward.ys["ts"], rtol=VALUE_ROUNDING)
    np.testing.assert_allclose(backward.ts["ts"], -forward.ts["ts"], rtol=1e-14)
    n = int(backward.stats["num_accepted_steps"])
    np.testing.assert_allclose(backward.ts["steps"][:n], -forward.ts["steps"][:n], rtol=TIME_ROUNDING)
    np.testing.assert_allclose(backward.ys["steps"], forward.ys["steps"], rtol=TIME_ROUNDING)


def test_backward_is_accurate() -> None:
    backward = solve("Tsit5", spinning_logistic, 1)
    exact = spinning_logistic_solution(jnp.asarray(TS), START, jnp.asarray(SPIN_Y0), SPIN_ARGS)
    np.testing.assert_allclose(backward.ys["ts"][1:], exact, atol=1e-4)
