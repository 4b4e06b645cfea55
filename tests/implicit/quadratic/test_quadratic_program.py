"""Quadratic programs: optimal by their own conditions, right by other solvers, with the derivatives of differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linprog, nnls

import nde
from nde.core.results import RESULTS, code_of, traced_code
from nde.implicit import quadratic_program

pytestmark = pytest.mark.usefixtures("x64")

NAMES = ("P", "q", "A", "b", "G", "h", "lower", "upper")
SOLVE = jax.jit(lambda data: quadratic_program(**data, throw=False))
MANY = jax.jit(jax.vmap(lambda data: quadratic_program(**data, throw=False)))


def program(seed: int, variables: int = 6, rows: int = 8, equalities: int = 2) -> dict[str, np.ndarray]:
    """A program with a point that fulfills all constraints; some of its bounds are infinite."""
    random = np.random.default_rng(seed)
    root, inside = random.normal(size=(variables, variables)), random.normal(size=variables)
    A, G = random.normal(size=(equalities, variables)), random.normal(size=(rows, variables))
    return {
        "P": root @ root.T / variables + 0.1 * np.eye(variables),
        "q": random.normal(size=variables),
        "A": A,
        "b": A @ inside,
        "G": G,
        "h": G @ inside + random.uniform(0, 1, rows),
        "lower": np.where(random.uniform(size=variables) < 0.5, -np.inf, inside - 0.5),
        "upper": np.where(random.uniform(size=variables) < 0.5, np.inf, inside + 0.5),
    }


def stack(programs: list[dict[str, np.ndarray]]) -> dict[str, jax.Array]:
    return {name: jnp.asarray(np.stack([each[name] for each in programs])) for name in programs[0]}


def assert_optimal(data: dict[str, np.ndarray], sol: nde.implicit.QuadraticSolution, atol: float = 1e-7) -> None:
    """The conditions of Karush, Kuhn and Tucker."""
    P, q, A, b, G, h, lower, upper = (np.asarray(data[name]) for name in NAMES)
    x, y, z, low, high = (np.asarray(part) for part in (sol.value, sol.y, sol.z, sol.z_lower, sol.z_upper))
    np.testing.assert_allclose(P @ x + q + A.T @ y + G.T @ z - low + high, 0, atol=atol)
    np.testing.assert_allclose(A @ x, b, atol=atol)
    for multiplier, slack in ((z, h - G @ x), (low, x - lower), (high, upper - x)):
        assert np.all(multiplier >= 0)
        assert np.all(slack >= -atol)
        np.testing.assert_allclose(
            np.where(np.isinf(slack), multiplier, multiplier * np.nan_to_num(slack)), 0, atol=atol
        )


def test_solutions_are_optimal_and_many_are_solved_as_one():
    programs = [program(seed) for seed in range(8)]
    many = MANY(stack(programs))
    for place, data in enumerate(programs):
        of_many = jax.tree.map(lambda x, place=place: x[place], many)
        assert_optimal(data, of_many)
        alone = SOLVE(data)
        assert alone.stats["num_steps"] == of_many.stats["num_steps"]
        np.testing.assert_allclose(alone.value, of_many.value, atol=1e-9)


def test_single_precision_solves_as_far_as_it_reaches():
    data = {name: value.astype(np.float32) for name, value in program(0).items()}
    with jax.enable_x64(False):
        sol = quadratic_program(**data)
        assert sol.value.dtype == np.float32
    np.testing.assert_allclose(sol.value, SOLVE(program(0)).value, atol=2e-3)


def test_linear_programs_are_those_of_scipy():
    for seed in range(4):
        data = program(seed)
        low, high = np.maximum(data["lower"], -3), np.minimum(data["upper"], 3)
        sol = SOLVE(data | {"P": np.zeros((6, 6)), "lower": low, "upper": high})
        bounds = np.column_stack([low, high])
        other = linprog(data["q"], data["G"], data["h"], data["A"], data["b"], bounds=bounds)
        np.testing.assert_allclose(data["q"] @ np.asarray(sol.value), other.fun, atol=1e-7)


def test_nonnegative_least_squares_is_that_of_scipy():
    random = np.random.default_rng(0)
    matrix, target = random.normal(size=(12, 5)), random.normal(size=12)
    sol = quadratic_program(matrix.T @ matrix, -matrix.T @ target, lower=0.0)
    np.testing.assert_allclose(sol.value, nnls(matrix, target)[0], atol=1e-7)


def test_a_diagonal_with_bounds_is_the_same_as_the_matrices():
    """Bounds and diagonals have a path of their own."""
    random = np.random.default_rng(1)
    diagonal, q, A = random.uniform(0.1, 1, 7), random.normal(size=7), random.normal(size=(3, 7))
    b = A @ random.uniform(0.2, 0.8, 7)
    short = quadratic_program(diagonal, q, A, b, lower=0.0, upper=1.0)
    G, h = np.concatenate([-np.eye(7), np.eye(7)]), np.concatenate([np.zeros(7), np.ones(7)])
    long = quadratic_program(np.diag(diagonal), q, A, b, G, h)
    np.testing.assert_allclose(short.value, long.value, atol=1e-7)
    np.testing.assert_allclose(np.concatenate([short.z_lower, short.z_upper]), long.z, atol=1e-6)


def test_without_constraints_it_is_a_linear_system():
    data = program(2)
    np.testing.assert_allclose(quadratic_program(data["P"], data["q"]).value, np.linalg.solve(data["P"], -data["q"]))


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_the_unit_of_costs_does_not_matter(factor):
    data = program(3)
    sol = SOLVE(data | {"P": factor * data["P"], "q": factor * data["q"]})
    np.testing.assert_allclose(sol.value, SOLVE(data).value, atol=1e-6)
    np.testing.assert_allclose(sol.z, factor * SOLVE(data).z, atol=1e-6 * factor)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_of_variables_and_multipliers_are_differences(name):
    data = {key: jnp.asarray(value) for key, value in program(4).items()}
    random = np.random.default_rng(5)
    ahead = np.where(np.isfinite(data[name]), random.normal(size=data[name].shape), 0.0)
    ahead = ahead + ahead.T if name == "P" else ahead

    def outcome(value: jax.Array) -> jax.Array:
        sol = SOLVE(data | {name: value})
        return jnp.concatenate([sol.value, sol.y, sol.z, sol.z_lower, sol.z_upper])

    forward = jax.jvp(outcome, (data[name],), (jnp.asarray(ahead),))[1]
    step = 1e-5
    difference = (outcome(data[name] + step * ahead) - outcome(data[name] - step * ahead)) / (2 * step)
    np.testing.assert_allclose(forward, difference, rtol=2e-4, atol=2e-4)
    weights = jnp.asarray(random.normal(size=forward.shape))
    backward = jax.grad(lambda value: weights @ outcome(value))(data[name])
    np.testing.assert_allclose(np.sum(np.nan_to_num(backward) * ahead), weights @ forward, rtol=1e-6, atol=1e-8)


def test_second_derivatives_are_differences():
    data = {key: jnp.asarray(value) for key, value in program(6, rows=2, equalities=1).items()}
    data["q"] = 10 * data["q"]
    direction = jnp.asarray(np.random.default_rng(7).normal(size=data["G"].shape))

    def outcome(step: jax.Array) -> jax.Array:
        return jnp.sum(SOLVE(data | {"G": data["G"] + step * direction}).value ** 2)

    slope = jax.jit(jax.grad(outcome))
    difference = (slope(1e-4) - slope(-1e-4)) / 2e-4
    np.testing.assert_allclose(jax.hessian(outcome)(0.0), difference, rtol=1e-3)


def test_at_a_kink_the_derivative_lies_between_those_of_both_sides():
    """The bound binds without a force: to one side the variable follows, to the other it does not."""
    slope = jax.grad(lambda q: quadratic_program(jnp.ones(1), q[None], lower=0.0).value[0])(0.0)
    assert -1 < slope < 0


def test_constraints_that_are_said_twice_do_not_spoil_the_derivative():
    def projected(x: jax.Array) -> jax.Array:
        one = jnp.ones((2, 3))
        return quadratic_program(jnp.eye(3), -x, one, jnp.ones(2), -jnp.eye(3), jnp.zeros(3), lower=0.0).value

    x = jnp.array([0.9, 0.5, -2.0])
    expected = np.array([[0.5, -0.5, 0], [-0.5, 0.5, 0], [0, 0, 0]])
    np.testing.assert_allclose(projected(x), [0.7, 0.3, 0], atol=1e-7)
    np.testing.assert_allclose(jax.jacobian(projected)(x), expected, atol=1e-5)


INFEASIBLE = {"P": np.eye(2), "q": np.ones(2), "G": np.array([[1.0, 0], [-1, 0]]), "h": np.array([0.0, -1])}
UNBOUNDED = {"P": np.diag(np.array([1.0, 0])), "q": np.array([1.0, -1])}
FAILURES = [
    (INFEASIBLE, RESULTS.infeasible, "No point fulfills all constraints"),
    ({"P": np.ones(2), "q": np.ones(2), "lower": 1.0, "upper": 0.0}, RESULTS.infeasible, "lower > upper"),
    ({"P": np.ones(2), "q": np.ones(2), "A": np.ones((2, 2)), "b": np.arange(2.0)}, RESULTS.infeasible, "contradict"),
    (UNBOUNDED | {"G": np.array([[1.0, 0]]), "h": np.ones(1)}, RESULTS.unbounded, "without end"),
    ({"P": np.zeros(2), "q": -np.ones(2), "lower": 0.0}, RESULTS.unbounded, "Bound the variables"),
    (
        {"P": np.array([1.0, -1]), "q": np.ones(2), "lower": 0.0, "upper": 1.0},
        RESULTS.not_convex,
        "negative eigenvalue",
    ),
    ({"P": np.array([[0.0, 1], [1, 0]]), "q": np.ones(2), "lower": 0.0}, RESULTS.not_convex, "not convex"),
    ({"P": np.ones(2), "q": np.ones(2), "lower": 0.0, "max_steps": 1}, RESULTS.no_convergence, "max_steps"),
    (program(0) | {"tol": 1e-30}, RESULTS.tolerance_too_small, "rounding"),
]


@pytest.mark.parametrize(("data", "result", "message"), FAILURES)
def test_failures_have_a_result_and_words(data, result, message):
    assert quadratic_program(**data, throw=False).result == result
    with pytest.raises(nde.SolveError, match=message):
        quadratic_program(**data)


def test_multipliers_and_directions_prove_that_there_is_no_solution():
    z = quadratic_program(**INFEASIBLE, throw=False).z
    np.testing.assert_allclose(INFEASIBLE["G"].T @ z, 0, atol=1e-6 * float(jnp.max(z)))
    assert INFEASIBLE["h"] @ z < 0
    x = quadratic_program(**UNBOUNDED, throw=False).value
    np.testing.assert_allclose(UNBOUNDED["P"] @ x, 0, atol=1e-6 * float(jnp.max(jnp.abs(x))))
    assert UNBOUNDED["q"] @ x < 0


def test_programs_of_a_batch_fail_alone():
    data = stack([program(0), program(1)])
    data["h"] = data["h"].at[1, :2].set(jnp.array([-1e3, -1e3]))
    data["G"] = data["G"].at[1, 1].set(-data["G"][1, 0])
    codes = jax.vmap(traced_code)(MANY(data).result)
    assert codes.tolist() == [code_of(RESULTS.successful), code_of(RESULTS.infeasible)]
    with pytest.raises(nde.SolveError, match=r"element 1 of the batch"):
        jax.vmap(lambda data: quadratic_program(**data).value)(data)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"P": np.ones((2, 3))}, ValueError, r"`P` of shape \(2, 3\)"),
        ({"q": np.ones((4, 6))}, ValueError, r"jax.vmap"),
        ({"b": None}, ValueError, "`A` without `b`"),
        ({"G": None}, ValueError, "`h` without `G`"),
        ({"h": np.ones(3)}, ValueError, r"`h` of shape \(3,\)"),
        ({"lower": np.ones(3)}, ValueError, r"`lower` of shape \(3,\)"),
        ({"q": "costs"}, TypeError, "`q`"),
        ({"P": None}, TypeError, "`P=None`"),
        ({"P": 1j * np.ones(6)}, TypeError, "real"),
        ({"tol": -1.0}, ValueError, "tol"),
        ({"tol": "small"}, TypeError, "tol"),
        ({"max_steps": 0}, ValueError, "max_steps"),
        ({"throw": "no"}, TypeError, "throw"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        quadratic_program(**(program(0) | changes))


def differences(outcome, x: jax.Array, ahead: jax.Array, step: float = 1e-5) -> jax.Array:
    return (outcome(x + step * ahead) - outcome(x - step * ahead)) / (2 * step)


def test_derivatives_in_a_ball_of_the_one_norm():
    """The norm is a sum of bounds on absolute values, of which both sides bind where a variable is zero."""
    random, size = np.random.default_rng(0), 6
    root, one, zero = random.normal(size=(size, size)), np.eye(size), np.zeros((size, size))
    P = jnp.asarray(np.block([[root @ root.T + one, zero], [zero, zero]]))
    norm = np.concatenate([np.zeros(size), np.ones(size)])[None]
    G = jnp.asarray(np.concatenate([np.block([[one, -one], [-one, -one]]), norm]))
    h = jnp.asarray(np.append(np.zeros(2 * size), 0.3))

    @jax.jit
    def outcome(q: jax.Array) -> jax.Array:
        return quadratic_program(P, jnp.concatenate([-q, jnp.zeros(size)]), G=G, h=h, lower=-1.0).value[:size]

    q, ahead = (jnp.asarray(random.normal(size=size)) for _ in range(2))
    assert np.sum(np.abs(outcome(q)) < 1e-6) > 0
    np.testing.assert_allclose(jax.jvp(outcome, (q,), (ahead,))[1], differences(outcome, q, ahead), atol=2e-4)


def test_derivatives_with_equalities_that_depend_on_each_other():
    """The nearest matrix whose rows and columns have sums of one: one of these sums follows from the others."""
    random, size = np.random.default_rng(1), 3
    A = jnp.asarray(np.concatenate([np.kron(np.eye(size), np.ones(size)), np.kron(np.ones(size), np.eye(size))]))

    @jax.jit
    def outcome(x: jax.Array) -> jax.Array:
        return quadratic_program(jnp.ones(size**2), -x, A, jnp.ones(2 * size), lower=0.0).value

    x, ahead = (jnp.asarray(random.normal(size=size**2)) for _ in range(2))
    difference = differences(outcome, x, ahead)
    np.testing.assert_allclose(jax.jvp(outcome, (x,), (ahead,))[1], difference, atol=2e-4)
    np.testing.assert_allclose(jax.jacrev(outcome)(x) @ ahead, difference, atol=2e-4)


def test_small_multipliers_and_slacks_do_not_blur_the_derivative():
    """Bounds that bind, and such that do not, all by little: the derivative of the projection is that of one side."""
    margins = jnp.array([1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6])

    def projected(point: jax.Array, tol: float = 1e-9) -> jax.Array:
        return quadratic_program(jnp.eye(6), -point, G=jnp.eye(6), h=jnp.ones(6), tol=tol).value

    for mode in (jax.jacfwd, jax.jacrev):
        np.testing.assert_allclose(mode(projected)(1 + margins), np.zeros((6, 6)), atol=1e-5)
        np.testing.assert_allclose(mode(projected)(1 - margins), np.eye(6), atol=1e-5)
        np.testing.assert_allclose(mode(projected)(1 - margins, 1e-5)[:5], np.eye(6)[:5], atol=1e-4)


def test_derivatives_of_many_programs_are_finite_and_those_of_the_side():
    """Projections of 500 points onto the simplex: the derivative is the projection onto the face's directions."""
    points = jax.random.normal(jax.random.key(3), (500, 6))

    def projected(point: jax.Array) -> jax.Array:
        return quadratic_program(jnp.ones(6), -point, jnp.ones((1, 6)), jnp.ones(1), lower=0.0).value

    found = jax.vmap(jax.jacfwd(projected))(points)
    values = np.asarray(jax.vmap(projected)(points))
    for x, jacobian in zip(values, np.asarray(found), strict=True):
        free = (x > 1e-6).astype(float)
        np.testing.assert_allclose(jacobian, np.diag(free) - np.outer(free, free) / free.sum(), atol=1e-3)
