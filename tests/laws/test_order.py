"""Halving the step divides the error by two to the power of the order."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.laws.compiling import quick_jit
from tests.laws.methods import SOLVERS, solver_of
from tests.laws.problems import whirl, whirl_solution

pytestmark = pytest.mark.usefixtures("x64")

T1 = 2.5
FEWEST_STEPS = {1: 512, 2: 128, 3: 64, 4: 64, 5: 128, 6: 64, 7: 28, 8: 18}
"""By order: so many that the leading term of the error outweighs the others, so few that it is far above rounding."""
FEWEST_STEPS_OF = {"Rodas4": 512}
"""Of methods whose leading term is so small that it outweighs the others later."""


@functools.cache
def errors(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Step sizes, errors at t1, and greatest errors of the values between steps."""
    fewest = FEWEST_STEPS_OF.get(name, FEWEST_STEPS[solver_of(name).order()])
    sizes = T1 / np.round(fewest * 2 ** np.linspace(0.0, 2.0, 5))
    between = jnp.linspace(0.0, T1, 43)[1:-1]
    saveat = nde.SaveAt(subs=[nde.SubSaveAt(t1=True), nde.SubSaveAt(ts=between)])

    def solve(dt0: jax.Array) -> list[jax.Array]:
        y0 = whirl_solution(jnp.asarray(0.0))
        return nde.diffeqsolve(
            nde.ODETerm(whirl), solver_of(name), 0.0, T1, dt0, y0, saveat=saveat, max_steps=4 * fewest
        ).ys

    at_t1, inside = jax.device_get(quick_jit(jax.vmap(solve))(jnp.asarray(sizes)))
    error_at_t1 = np.max(np.abs(at_t1[:, 0] - np.asarray(whirl_solution(jnp.asarray(T1)))), axis=-1)
    error_inside = np.max(np.abs(inside - np.asarray(whirl_solution(between))), axis=(1, 2))
    return sizes, error_at_t1, error_inside


def slope(sizes: np.ndarray, error: np.ndarray) -> float:
    return float(np.polyfit(np.log(sizes), np.log(error), 1)[0])


@pytest.mark.parametrize("name", SOLVERS)
def test_error_at_t1_falls_with_the_order(name: str) -> None:
    sizes, error, _ = errors(name)
    assert error.min() > 3e-14, "rounding would hide the order"
    assert slope(sizes, error) == pytest.approx(solver_of(name).order(), abs=0.3)


@pytest.mark.parametrize("name", SOLVERS)
def test_error_between_steps_falls_with_the_order_up_to_four(name: str) -> None:
    """Cubic Hermite interpolation, which every method has at least, has order four."""
    sizes, _, error = errors(name)
    assert slope(sizes, error) > min(solver_of(name).order(), 4) - 0.3
