"""Roots: values, derivatives in both modes, batches, failures."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import nde
from nde import RESULTS
from nde.implicit import GMRES, Bisection, Chord, Dense, Newton, root
from tests.laws.compiling import quick_jit

SOLVERS: dict[str, Any] = {
    "Newton": Newton(),
    "Newton, GMRES": Newton(GMRES()),
    "Chord": Chord(),
    "Chord, GMRES": Chord(GMRES()),
}


def system(x: Any, args: Any) -> Any:
    """Two coupled equations of a pytree."""
    a, b = x["a"], x["b"]
    return {"a": a**3 + b - args[0], "b": jnp.sin(a) + 2 * b - args[1]}


START = {"a": 1.0, "b": 0.0}
ARGS = (2.0, 1.0)


def expected(args: Any = ARGS) -> np.ndarray:
    f = lambda v: [v[0] ** 3 + v[1] - args[0], np.sin(v[0]) + 2 * v[1] - args[1]]
    return scipy.optimize.root(f, [1.0, 0.0], tol=1e-13).x


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_a_system(solver: Any) -> None:
    sol = root(system, START, ARGS, solver=solver, rtol=1e-10, atol=1e-10)
    assert sol.result == RESULTS.successful
    np.testing.assert_allclose([sol.value["a"], sol.value["b"]], expected(), rtol=1e-9)


@pytest.mark.parametrize("solver", [*SOLVERS.values(), Bisection(0.0, 4.0)], ids=[*SOLVERS, "Bisection"])
def test_float32_and_the_error_of_slow_steps_is_counted(solver: Any) -> None:
    sol = root(lambda x, a: x**3 - a, 1.6, 8.0, solver=solver, rtol=1e-5)
    assert sol.value.dtype == jnp.float32
    np.testing.assert_allclose(sol.value, 2.0, rtol=2e-5)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("linear_solver", [Dense(), GMRES(rtol=1e-12)], ids=["Dense", "GMRES"])
def test_derivatives_of_all_orders_and_modes(linear_solver: Any) -> None:
    """Of the cube root, and of the system against differences."""
    cube_root = lambda a: root(lambda x, a: x**3 - a, 1.5, a, linear_solver=linear_solver, rtol=1e-12).value
    at, first, second = jnp.asarray(8.0), 1 / 12, -2 / 9 * 8.0 ** (-5 / 3)
    for mode in (jax.grad, jax.jacfwd):
        np.testing.assert_allclose(quick_jit(mode(cube_root))(at), first, rtol=1e-9)
    for outer, inner in (
        (jax.grad, jax.grad),
        (jax.jacfwd, jax.grad),
        (jax.jacfwd, jax.jacfwd),
        (jax.grad, jax.jacfwd),
    ):
        np.testing.assert_allclose(quick_jit(outer(inner(cube_root)))(at), second, rtol=1e-8)
    solve = lambda args: root(system, START, args, linear_solver=linear_solver, rtol=1e-12).value
    found = quick_jit(jax.jacrev(solve))(jax.tree.map(jnp.asarray, ARGS))
    eps = 1e-5
    for i in range(2):
        shifted = [expected(tuple(v + s * eps * (j == i) for j, v in enumerate(ARGS))) for s in (1, -1)]
        np.testing.assert_allclose([found["a"][i], found["b"][i]], (shifted[0] - shifted[1]) / (2 * eps), rtol=1e-5)


@pytest.mark.usefixtures("x64")
def test_lanes_and_members_take_the_steps_that_they_take_alone() -> None:
    f = lambda x, a: x**3 - a
    a, x0 = jnp.asarray([8.0, 27.0, 1.0]), jnp.asarray([1.0, 100.0, 1.0])
    alone = [root(f, start, target) for start, target in zip(x0, a, strict=True)]
    lanes = jax.vmap(lambda x0, a: root(f, x0, a))(x0, a)
    members = root(f, x0, a, batched=True)
    for together in (lanes, members):
        np.testing.assert_array_equal(together.stats["num_steps"], [s.stats["num_steps"] for s in alone])
        np.testing.assert_allclose(together.value, [s.value for s in alone], rtol=1e-14)
    slopes = jax.grad(lambda a: jnp.sum(root(f, x0, a, batched=True).value))(a)
    np.testing.assert_allclose(slopes, 1 / (3 * np.cbrt(np.asarray(a)) ** 2), rtol=1e-6)


@pytest.mark.usefixtures("x64")
def test_newton_converges_quadratically_the_chord_linearly_and_bisection_by_halves() -> None:
    f = lambda x, a: x**2 - a
    errors = {}
    for name, solver in {"Newton": Newton(), "Chord": Chord()}.items():
        sol = root(f, 2.0, 2.0, solver=solver, rtol=1e-13, atol=0.0, history=True)
        errors[name] = np.asarray(sol.stats["residuals"])[: int(sol.stats["num_steps"]) + 1]
    newton, chord = errors["Newton"], errors["Chord"]
    assert np.all(newton[1:4] < 0.3 * newton[:3] ** 2)
    rates = chord[2:8] / chord[1:7]
    np.testing.assert_allclose(rates, 1 - 2 * np.sqrt(2) / 4, rtol=0.1)
    halves = root(f, 1.0, 2.0, solver=Bisection(0.0, 4.0), rtol=0.0, atol=1e-6)
    assert abs(int(halves.stats["num_steps"]) - np.log2(4.0 / 1e-6)) <= 2
    assert abs(float(halves.value) - np.sqrt(2)) <= 1e-6


def test_bisection_of_independent_scalars_and_a_root_at_an_end() -> None:
    sol = root(lambda x, a: x - a, jnp.ones(4), jnp.asarray([0.0, 0.7, 1.3, 2.0]), solver=Bisection(0.0, 2.0))
    np.testing.assert_allclose(sol.value, [0.0, 0.7, 1.3, 2.0], atol=1e-5)


@pytest.mark.parametrize(
    ("f", "x0", "solver", "code"),
    [
        (lambda x, a: x**2 + 1.0, 1.0, Newton(), RESULTS.singular_jacobian),
        (lambda x, a: jnp.stack([x[0] + x[1], x[0] + x[1] - 1]), jnp.ones(2), Newton(), RESULTS.singular_jacobian),
        (lambda x, a: jnp.log(x), -1.0, Newton(), RESULTS.nonfinite_start),
        (lambda x, a: jnp.log(x), 5.0, Newton(), RESULTS.diverged),
        (lambda x, a: jnp.arctan(x), 1.3917, Newton(), RESULTS.no_convergence),
        (lambda x, a: x + 3.0, 1.0, Bisection(0.0, 2.0), RESULTS.no_sign_change),
    ],
)
def test_codes_and_the_lowest_residual(f: Any, x0: Any, solver: Any, code: Any) -> None:
    sol = root(f, x0, solver=solver, throw=False, max_steps=8, history=True)
    assert sol.result == code
    if code != RESULTS.nonfinite_start:
        np.testing.assert_array_equal(sol.stats["residual"], np.nanmin(sol.stats["residuals"]))
    with pytest.raises(nde.SolveError):
        root(f, x0, solver=solver, max_steps=8)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: root(1.0, 1.0), TypeError, "as its function"),
        (lambda: root(lambda x, a: x[0], jnp.ones(2)), ValueError, r"shape \(\) for an `x0` of shape \(2,\)"),
        (lambda: root(lambda x, a: x, 1.0, linear_solver="lu"), TypeError, "`'lu'` as `linear_solver`"),
        (lambda: root(lambda x, a: x, 1.0, solver="newton"), TypeError, "`'newton'` as `solver`"),
    ],
)
@pytest.mark.usefixtures("as_users_call_it")
def test_misuse(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
