"""A solve keeps the precision of its state, and loses no more than rounding to it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.laws.compiling import quick_jit
from tests.laws.methods import SOLVERS, solver_of
from tests.laws.problems import SPIN_ARGS, SPIN_Y0, spinning_logistic, spinning_logistic_solution

TS = (0.3, 0.77, 1.0)


def solve(name: str, dtype: type) -> np.ndarray:
    term = nde.ODETerm(spinning_logistic)
    y0 = jnp.asarray(SPIN_Y0, dtype)
    saveat = nde.SaveAt(ts=jnp.asarray(TS, dtype))
    run = quick_jit(
        lambda y0: (
            nde.diffeqsolve(term, solver_of(name), 0.0, 1.0, 0.05, y0, args=SPIN_ARGS, saveat=saveat, max_steps=32).ys
        )
    )
    return np.asarray(run(y0))


@pytest.mark.parametrize("name", SOLVERS)
def test_float32_equals_float64_to_rounding(name: str) -> None:
    single = solve(name, jnp.float32)
    with jax.enable_x64(True):
        double = solve(name, jnp.float64)
    assert single.dtype == np.float32
    assert double.dtype == np.float64
    np.testing.assert_allclose(single, double, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("tolerance", [1e-3, 1e-5])
def test_adaptive_float32_meets_its_tolerance(tolerance: float) -> None:
    ys = adaptive(jnp.float32, tolerance).ys
    exact = spinning_logistic_solution(jnp.asarray(1.0), 0.0, jnp.asarray(SPIN_Y0), SPIN_ARGS)
    assert ys.dtype == jnp.float32
    np.testing.assert_allclose(ys[-1], exact, rtol=10 * tolerance, atol=10 * tolerance)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_state_keeps_its_dtype_with_float64_enabled(dtype: type) -> None:
    assert adaptive(dtype, 1e-3).ys.dtype == dtype


def adaptive(dtype: type, tolerance: float) -> nde.Solution:
    controller = nde.PIDController(rtol=tolerance, atol=tolerance)
    return nde.diffeqsolve(
        nde.ODETerm(in_dtype(dtype)),
        nde.Tsit5(),
        0.0,
        1.0,
        0.05,
        jnp.asarray(SPIN_Y0, dtype),
        args=SPIN_ARGS,
        stepsize_controller=controller,
    )


@functools.cache
def in_dtype(dtype: type):
    return lambda t, y, args: spinning_logistic(t.astype(dtype), y, args)
