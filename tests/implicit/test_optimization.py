"""Minima and least squares by Optimistix: values, derivatives, failures."""

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx
import pytest

import nde
from nde.implicit import least_squares, minimize
from tests.laws.compiling import quick_jit

TIMES = np.linspace(0.0, 1.0, 12)


def cost(x: Any, target: Any) -> Any:
    """At its minimum `2 (x - target) + 4 x^3 = 0`."""
    return jnp.sum((x - target) ** 2) + jnp.sum(x**4)


def residuals(x: Any, data: Any) -> Any:
    rate, scale = x
    return [scale * jnp.exp(-rate * jnp.asarray(TIMES)) - data]


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("solver", [None, optx.NonlinearCG(1e-10, 1e-10)])
def test_a_minimum_and_its_derivatives(solver: Any) -> None:
    best = lambda t: minimize(cost, jnp.zeros(2), t, solver=solver, rtol=1e-11, atol=1e-11).value
    target = jnp.asarray([1.0, 2.0])
    x = quick_jit(best)(target)
    np.testing.assert_allclose(2 * (x - target) + 4 * x**3, 0.0, atol=1e-7)
    exact = np.diag(1 / (1 + 6 * np.asarray(x) ** 2))
    for mode in (jax.jacrev, jax.jacfwd):
        np.testing.assert_allclose(quick_jit(mode(best))(target), exact, atol=1e-7)
    second = quick_jit(jax.hessian(lambda t: jnp.sum(best(t))))(target)
    np.testing.assert_allclose(second, np.diag(-12 * np.asarray(x) / (1 + 6 * np.asarray(x) ** 2) ** 3), atol=1e-6)


@pytest.mark.usefixtures("x64")
def test_least_squares_and_the_derivative_where_residuals_do_not_vanish() -> None:
    """Against differences of the solution itself; each lane of a `vmap` has its own data."""
    clean = np.stack([2.0 * np.exp(-3.0 * TIMES), 1.0 * np.exp(-0.5 * TIMES)])
    data = jnp.asarray(clean + 0.1 * np.random.default_rng(0).normal(size=clean.shape))
    start = (jnp.asarray(1.0), jnp.asarray(1.0))
    fit = lambda d: least_squares(residuals, start, d, rtol=1e-12, atol=1e-12).value
    exact = quick_jit(jax.vmap(fit))(jnp.asarray(clean))
    np.testing.assert_allclose(exact, [[3.0, 0.5], [2.0, 1.0]], rtol=1e-6)
    direction = jnp.asarray(np.random.default_rng(1).normal(size=12))
    eps = 1e-3
    ends = quick_jit(jax.vmap(fit))(jnp.stack([data[0] + eps * direction, data[0] - eps * direction]))
    slope = quick_jit(lambda d: jax.jvp(fit, (d,), (direction,))[1])(data[0])
    for found, pair in zip(slope, ends, strict=True):
        np.testing.assert_allclose(found, (pair[0] - pair[1]) / (2 * eps), rtol=1e-4)


def test_float32() -> None:
    sol = minimize(cost, jnp.zeros(1, jnp.float32), jnp.ones(1, jnp.float32))
    assert sol.value.dtype == jnp.float32
    np.testing.assert_allclose(sol.value + 2 * sol.value**3, 1.0, atol=1e-3)


def test_failures_are_codes_with_the_best_point() -> None:
    few = minimize(cost, jnp.zeros(2), jnp.ones(2), max_steps=1, throw=False)
    assert few.result == nde.RESULTS.no_convergence
    assert float(cost(few.value, jnp.ones(2))) <= float(cost(jnp.zeros(2), jnp.ones(2)))
    start = least_squares(lambda x, args: jnp.log(x), -1.0, throw=False)
    assert start.result == nde.RESULTS.nonfinite_start
    with pytest.raises(nde.SolveError, match="max_steps"):
        minimize(lambda x, args: -jnp.sum(x**2), jnp.ones(2), max_steps=20)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: minimize(lambda x, a: x, jnp.ones(2)), ValueError, r"float32\[2\]; expected one real number"),
        (lambda: minimize(cost, 1.0, 1.0, solver=optx.Newton(1e-3, 1e-3)), TypeError, r"optimistix\.BFGS"),
        (lambda: least_squares(residuals, 1.0, solver=3), TypeError, r"optimistix\.LevenbergMarquardt"),
        (lambda: least_squares(lambda x, a: [], 1.0), ValueError, "without residuals"),
    ],
)
@pytest.mark.usefixtures("as_users_call_it")
def test_misuse(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_without_optimistix_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optimistix", None)
    with pytest.raises(ModuleNotFoundError, match=r'nde\.implicit\.minimize needs optimistix; .*nde\[implicit\]"'):
        minimize(cost, jnp.zeros(2), jnp.ones(2))
