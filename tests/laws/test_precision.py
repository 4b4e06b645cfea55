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


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16, jnp.float16, jnp.complex64], ids=lambda d: d.__name__)
@pytest.mark.parametrize("adaptive", [True, False], ids=["adaptive", "constant"])
def test_python_times_follow_the_state(dtype: type, adaptive: bool) -> None:
    """`y' = -t y` with float64 enabled: no time is more exact than the state, or than float32."""
    seen = []

    def field(t, y, args):
        seen.append(t.dtype)
        return -t.astype(y.dtype) * y

    sol = nde.diffeqsolve(
        nde.ODETerm(field),
        nde.Tsit5(),
        0.0,
        1.0,
        None if adaptive else 0.125,
        jnp.ones(2, dtype),
        stepsize_controller=nde.PIDController(rtol=1e-2, atol=1e-2) if adaptive else nde.ConstantStepSize(),
    )
    assert set(seen) == {jnp.dtype(jnp.float32)}
    assert sol.ys.dtype == dtype
    np.testing.assert_allclose(np.asarray(sol.ys[0], complex), np.exp(-0.5), rtol=2e-2)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16], ids=lambda d: d.__name__)
def test_a_field_promoted_by_time_is_cast_to_the_state(dtype: type) -> None:
    """Times given as float64 arrays, and JAX's own promotion: `t * y` is float64."""
    with jax.numpy_dtype_promotion("standard"):
        times = jnp.asarray([0.0, 1.0], jnp.float64)
        term = nde.ODETerm(lambda t, y, args: -t * y)
        sol = nde.diffeqsolve(term, nde.Tsit5(), times[0], times[1], 0.125, jnp.ones(2, dtype))
    assert sol.ts.dtype == jnp.float64
    assert sol.ys.dtype == dtype
    np.testing.assert_allclose(np.asarray(sol.ys[0], float), np.exp(-0.5), rtol=2e-2)


@pytest.mark.usefixtures("x64")
def test_a_field_that_is_more_exact_for_another_reason_is_refused() -> None:
    with pytest.raises(TypeError, match="float64 for a state of dtype float32"):
        nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: y.astype(jnp.float64)), nde.Euler(), 0.0, 1.0, 0.1, jnp.ones(2, jnp.float32)
        )
