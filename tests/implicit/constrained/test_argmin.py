"""Minima under constraints: known ones, optimal by their conditions, with the derivatives of differences."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize as by_scipy

import nde
from nde.core.results import RESULTS, code_of, traced_code
from nde.implicit import argmin, quadratic_program
from tests.laws.compiling import quick_jit

double = pytest.mark.usefixtures("x64")


def distance(x: Any, point: Any) -> Any:
    return jnp.sum((x - point) ** 2)


def circle(x: Any, args: Any) -> Any:
    return jnp.sum(x**2) - 1


@double
def test_a_known_minimum_with_constraints_of_every_kind():
    """Problem 71 of Hock and Schittkowski; its minimum is known, and SciPy finds it."""
    sol = argmin(
        lambda x, args: x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2],
        jnp.array([1.0, 5.0, 5.0, 1.0]),
        equalities=lambda x, args: jnp.sum(x**2) - 40,
        inequalities=lambda x, args: 25 - jnp.prod(x),
        lower=1.0,
        upper=5.0,
    )
    np.testing.assert_allclose(sol.value, [1.0, 4.742999, 3.821150, 1.379408], atol=1e-5)
    constraints = [
        {"type": "eq", "fun": lambda x: np.sum(x**2) - 40},
        {"type": "ineq", "fun": lambda x: np.prod(x) - 25},
    ]
    other = by_scipy(
        lambda x: x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2],
        np.array([1.0, 5.0, 5.0, 1.0]),
        bounds=[(1, 5)] * 4,
        constraints=constraints,
        method="SLSQP",
        options={"ftol": 1e-12},
    )
    np.testing.assert_allclose(sol.value, other.x, atol=1e-5)
    assert float(sol.z[0]) > 0.5
    assert float(sol.z_lower[0]) > 1.0
    assert float(jnp.max(sol.z_upper)) < 1e-7


@double
def test_without_constraints_it_finds_the_end_of_a_curved_valley():
    valley = lambda x, args: jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    np.testing.assert_allclose(argmin(valley, jnp.array([-1.2, 1.0])).value, 1.0, atol=1e-6)


@double
def test_curvature_along_a_constraint_is_what_counts():
    """The objective is not convex, and has a minimum on the line only."""
    sol = argmin(
        lambda x, args: -x[0] * x[1], jnp.array([3.0, 4.0]), equalities=lambda x, args: jnp.sum(x) - args, args=1.0
    )
    np.testing.assert_allclose(sol.value, 0.5, atol=1e-8)


@double
def test_a_quadratic_program_has_the_same_solution_multipliers_and_derivatives():
    random = np.random.default_rng(0)
    root, A, G = random.normal(size=(4, 4)), random.normal(size=(1, 4)), random.normal(size=(3, 4))
    P, q = jnp.asarray(root @ root.T + np.eye(4)), jnp.asarray(3 * random.normal(size=4))
    h = jnp.asarray(random.uniform(0.1, 0.5, 3))

    def of_functions(q: Any) -> Any:
        sol = argmin(
            lambda x, q: x @ P @ x / 2 + q @ x,
            jnp.ones(4),
            q,
            equalities=lambda x, q: A @ x,
            inequalities=lambda x, q: G @ x - h,
            lower=-0.3,
        )
        return jnp.concatenate([sol.value, sol.y, sol.z, sol.z_lower])

    def of_matrices(q: Any) -> Any:
        sol = quadratic_program(P, q, A, jnp.zeros(1), G, h, lower=-0.3)
        return jnp.concatenate([sol.value, sol.y, sol.z, sol.z_lower])

    np.testing.assert_allclose(of_functions(q), of_matrices(q), atol=1e-6)
    np.testing.assert_allclose(jax.jacrev(of_functions)(q), jax.jacfwd(of_matrices)(q), atol=1e-5)


@double
def test_derivatives_are_differences_in_both_modes_and_of_second_order():
    """With respect to arguments, bounds, and what the functions capture."""

    def outcome(t: Any) -> Any:
        sol = argmin(
            lambda x, point: jnp.sum((x["a"] - point) ** 2) + jnp.exp(x["b"]) - t * x["b"],
            {"a": jnp.ones(3), "b": 0.0},
            jnp.array([2.0, -1.0, 0.5]) * t,
            equalities=lambda x, args: jnp.sum(x["a"] ** 2) - t**2,
            inequalities=lambda x, args: [x["a"][0] * x["b"] - 0.1 * t],
            lower={"a": -0.4 * t, "b": -jnp.inf},
            tol=1e-11,
        )
        bounds = jnp.array([sol.z_lower["a"][1]])
        return jnp.concatenate([sol.value["a"], sol.value["b"][None], sol.y, sol.z, bounds])

    values = quick_jit(outcome)
    t, step = jnp.asarray(1.3), 1e-5
    difference = (values(t + step) - values(t - step)) / (2 * step)
    forward = quick_jit(jax.jacfwd(outcome))
    np.testing.assert_allclose(forward(t), difference, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(quick_jit(jax.jacrev(outcome))(t), difference, rtol=1e-5, atol=1e-7)
    second = quick_jit(jax.jacfwd(jax.jacrev(outcome)))(t)
    np.testing.assert_allclose(second, (forward(t + step) - forward(t - step)) / (2 * step), rtol=1e-4, atol=1e-5)
    assert np.all(np.abs(np.asarray(values(t))[-3:]) > 1e-2), "a constraint does not bind"


@double
def test_lanes_are_solved_as_alone():
    nearest = lambda point: argmin(distance, jnp.ones(2), point, equalities=circle)
    points = jnp.array([[3.0, 4.0], [-1.0, 0.2], [0.1, -2.0]])
    many = quick_jit(jax.vmap(nearest))(points)
    alone = quick_jit(nearest)
    for place, point in enumerate(points):
        np.testing.assert_allclose(many.value[place], point / jnp.linalg.norm(point), atol=1e-7)
        assert int(alone(point).stats["num_steps"]) == int(many.stats["num_steps"][place])


@double
def test_at_a_kink_the_derivative_lies_between_those_of_both_sides():
    slope = jax.grad(lambda p: argmin(distance, 1.0, p, lower=0.0).value)(0.0)
    assert 0 < slope < 1


def test_single_precision():
    sol = argmin(distance, jnp.ones(2, jnp.float32), jnp.array([3.0, 4.0], jnp.float32), equalities=circle)
    assert sol.value.dtype == jnp.float32
    np.testing.assert_allclose(sol.value, [0.6, 0.8], atol=1e-3)


FAILURES = [
    (
        lambda: argmin(distance, jnp.ones(2), 1.0, equalities=lambda x, a: jnp.sum(x**2) + 1, throw=False),
        RESULTS.locally_infeasible,
    ),
    (lambda: argmin(distance, -1.0, 1.0, inequalities=lambda x, a: jnp.log(x), throw=False), RESULTS.nonfinite_start),
    (lambda: argmin(lambda x, a: -jnp.sum(x), jnp.ones(2), throw=False), RESULTS.diverged),
    (lambda: argmin(lambda x, a: jnp.sum(x**4), jnp.ones(2), max_steps=2, throw=False), RESULTS.no_convergence),
]


@double
@pytest.mark.parametrize(("solve", "result"), FAILURES)
def test_failures_are_codes(solve, result):
    assert solve().result == result


@double
def test_members_of_a_batch_fail_alone():
    radius = lambda r: argmin(distance, jnp.ones(2), 2.0, equalities=lambda x, a: jnp.sum(x**2) - r, throw=False)
    codes = jax.vmap(traced_code)(quick_jit(jax.vmap(radius))(jnp.array([1.0, -1.0])).result)
    assert codes.tolist() == [code_of(RESULTS.successful), code_of(RESULTS.locally_infeasible)]


@double
def test_constraints_that_depend_on_each_other_have_a_solution_and_no_derivative():
    twice = lambda x, args: jnp.stack([jnp.sum(x) - 1, 2 * jnp.sum(x) - 2])
    nearest = lambda point: argmin(distance, jnp.ones(2), point, equalities=twice).value
    np.testing.assert_allclose(nearest(jnp.array([2.0, 0.0])), [1.5, -0.5], atol=1e-6)
    with pytest.raises((nde.SolveError, jax.errors.JaxRuntimeError), match="singular or nearly so"):
        jax.grad(lambda point: nearest(point)[0])(jnp.array([2.0, 0.0]))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: argmin(lambda x, a: x, jnp.ones(2)), ValueError, r"float32\[2\]; expected one real number"),
        (lambda: argmin(3, jnp.ones(2)), TypeError, "function"),
        (lambda: argmin(distance, jnp.ones(2), 1.0, equalities=3), TypeError, "function"),
        (lambda: argmin(distance, jnp.ones(2, jnp.complex64), 1.0), TypeError, "real"),
        (
            lambda: argmin(distance, jnp.ones(2), 1.0, equalities=lambda x, a: x.astype(jnp.complex64)),
            TypeError,
            "real",
        ),
        (lambda: argmin(distance, jnp.ones(2), 1.0, lower=jnp.ones(3)), ValueError, r"`lower` of shape \(3,\)"),
        (lambda: argmin(distance, jnp.ones(2), 1.0, upper={"a": 1.0}), ValueError, "`upper`"),
        (lambda: argmin(distance, jnp.ones(2), 1.0, tol=0.0), ValueError, "tol"),
        (lambda: argmin(distance, jnp.ones(2), 1.0, linear_solver=3), TypeError, "linear_solver"),
        (lambda: argmin(distance, jnp.ones(2), 1.0, equalities=lambda x, a: x, throw="no"), TypeError, "throw"),
    ],
)
@pytest.mark.usefixtures("as_users_call_it")
def test_misuse(call, error, message):
    with pytest.raises(error, match=message):
        call()
