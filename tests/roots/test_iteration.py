"""What implicit steps of a solver need of the loop: a kept factorization, codes as data, the derivative of a stage."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde.core.results import RESULTS, SUCCESSFUL, code_of
from nde.roots import Chord, Dense
from nde.roots.criterion import SmallStep
from nde.roots.implicit_function import implicit_function
from nde.roots.iteration import Iteration
from nde.roots.linear import linear_solve
from tests.laws.compiling import quick_jit

pytestmark = pytest.mark.usefixtures("x64")

STEP, STEPS = 0.05, 8
CRITERION = SmallStep(1e-11, 1e-11)


def field(y: Any, rate: Any) -> Any:
    """Van der Pol's oscillator, rows of `(position, velocity)`."""
    x, v = y[:, 0], y[:, 1]
    return jnp.stack([v, rate * (1 - x**2) * v - x], axis=1)


def residual(inputs: Any, y: Any) -> Any:
    """That of a step of the implicit Euler method."""
    start, rate = inputs
    return y - start - STEP * field(y, rate)


def euler(rate: Any, start: Any) -> tuple[Any, Any]:
    """The end of some steps which share the factorization of the first, and the codes of all."""
    iteration = lambda inputs: Iteration(lambda y: residual(inputs, y), Chord(), CRITERION, 30)
    constant = jax.lax.stop_gradient
    kept = iteration(constant((start, rate))).start(constant(start)).state

    def step(y: Any, _: None) -> tuple[Any, Any]:
        end = iteration(constant((y, rate))).run(constant(y), kept)
        solve = lambda matvec, b: linear_solve(matvec, b, Dense(), throw=False)
        return implicit_function(residual, (y, rate), end.best, solve), end.code

    return jax.lax.scan(step, start, None, length=STEPS)


def newton_euler(rate: float, start: np.ndarray) -> np.ndarray:
    y = start.copy()
    for _ in range(STEPS):
        z = y.copy()
        for _ in range(50):
            x, v = z
            f = np.array([v, rate * (1 - x**2) * v - x])
            jacobian = np.array([[0.0, 1.0], [-2 * rate * x * v - 1, rate * (1 - x**2)]])
            z = z - np.linalg.solve(np.eye(2) - STEP * jacobian, z - y - STEP * f)
        y = z
    return y


def test_implicit_steps_share_a_factorization_and_are_differentiated_in_both_modes() -> None:
    start, rate, eps = np.array([2.0, 0.1]), 3.0, 1e-6
    end, codes = quick_jit(euler)(rate, jnp.asarray(start)[None])
    np.testing.assert_array_equal(codes, np.full((STEPS, 1), SUCCESSFUL))
    np.testing.assert_allclose(end[0], newton_euler(rate, start), rtol=1e-9)
    difference = (newton_euler(rate + eps, start) - newton_euler(rate - eps, start)) / (2 * eps)
    for mode in (jax.jacfwd, jax.jacrev):
        found = quick_jit(mode(lambda r: euler(r, jnp.asarray(start)[None])[0][0]))(jnp.asarray(rate))
        np.testing.assert_allclose(found, difference, rtol=1e-6)


def test_a_step_that_fails_is_a_code_and_harms_no_other() -> None:
    """The residual of the second member has no root: `y^2 + 1`."""

    def f(y: Any) -> Any:
        return jnp.where(jnp.arange(2)[:, None] == 0, y**2 - 2, y**2 + 1)

    end = quick_jit(lambda y: Iteration(f, Chord(), CRITERION, 30).run(y))(jnp.full((2, 1), 1.5))
    np.testing.assert_allclose(end.best[0, 0], np.sqrt(2), rtol=1e-10)
    assert int(end.code[0]) == SUCCESSFUL
    assert int(end.code[1]) in (code_of(RESULTS.no_convergence), code_of(RESULTS.diverged))
    assert float(end.lowest[1]) >= 1.0
