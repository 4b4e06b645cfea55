"""Rosenbrock methods: their conditions of order, stiff equations with known solutions, and misuse."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde

pytestmark = pytest.mark.usefixtures("x64")

METHODS = (nde.Rosenbrock23, nde.Rodas4, nde.Rodas5P)


def robertson(t: Any, y: jax.Array, rates: Any) -> jax.Array:
    """Three concentrations, whose rates differ by nine orders of magnitude."""
    a, b, c = y
    slow, fast = 0.04 * a - 1e4 * b * c, 3e7 * b**2
    return jnp.array([-slow, slow - fast, fast])


ROBERTSON_AT_1E11 = np.array([0.2083340149701255e-07, 0.8333360770334713e-13, 0.9999999791665050])
"""From Mazzia and Magherini, *Test set for initial value problem solvers* (2008)."""


def solve(solver: Any, field: Any, t1: Any, y0: Any, rtol: float, atol: float, **options: Any) -> nde.Solution:
    controller = nde.PIDController(rtol=rtol, atol=atol)
    return nde.diffeqsolve(
        nde.ODETerm(field), solver, 0.0, t1, None, y0, stepsize_controller=controller, max_steps=20_000, **options
    )


@pytest.mark.parametrize("method", METHODS)
def test_robertsons_reaction(method: Any):
    rtol = 1e-5 if method is nde.Rosenbrock23 else 1e-7
    sol = solve(method(), robertson, 1e11, jnp.array([1.0, 0.0, 0.0]), rtol, 1e-6 * rtol)
    np.testing.assert_allclose(sol.ys[0], ROBERTSON_AT_1E11, rtol=3e-3 if method is nde.Rosenbrock23 else 1e-5)
    assert sol.stats["num_steps"] < 2_000


@pytest.mark.parametrize("method", METHODS)
def test_a_fast_component_costs_no_steps(method: Any):
    """Prothero and Robinson's equation, whose solution is a cosine however stiff it is."""
    field = lambda t, y, args: -1e8 * (y - jnp.cos(t)) - jnp.sin(t)
    sol = solve(method(), field, 3.0, jnp.array(1.0), 1e-5, 1e-7)
    np.testing.assert_allclose(sol.ys[0], np.cos(3), atol=1e-5)
    assert sol.stats["num_steps"] < 1_000


@pytest.mark.parametrize("method", METHODS)
def test_values_inside_steps_behind_a_fast_transient(method: Any):
    times = jnp.linspace(0.1, 3.0, 20)
    field = lambda t, y, args: jnp.stack([-1e6 * (y[0] - y[1]), -y[1]])
    sol = solve(method(), field, 3.0, jnp.array([2.0, 1.0]), 1e-6, 1e-8, saveat=nde.SaveAt(ts=times))
    np.testing.assert_allclose(sol.ys, np.exp(-np.stack([times, times], axis=1)), atol=2e-4)


@pytest.mark.parametrize("method", METHODS)
def test_conditions_of_order(method: Any):
    """Those of trees of up to four vertices, for the step and for the embedded method, and those of time."""
    solver = method()
    tableau, order = solver.tableau, solver.order()
    stages = tableau.stages
    lower = lambda rows: np.array([[*row, *[0.0] * (stages - len(row))] for row in ((), *rows)])
    gamma = np.linalg.inv(np.eye(stages) / tableau.gamma - lower(tableau.c))
    alpha = lower(tableau.a) @ gamma
    beta, nodes, ones = alpha + gamma, alpha.sum(1), np.ones(stages)
    np.testing.assert_allclose(nodes, tableau.alpha, atol=1e-13)
    np.testing.assert_allclose(gamma.sum(1), tableau.gamma_i, atol=1e-13)
    trees = [
        (1, lambda b: b.sum() - 1),
        (2, lambda b: b @ beta @ ones - 1 / 2),
        (3, lambda b: b @ nodes**2 - 1 / 3),
        (3, lambda b: b @ beta @ beta @ ones - 1 / 6),
        (4, lambda b: b @ nodes**3 - 1 / 4),
        (4, lambda b: (b * nodes) @ alpha @ beta @ ones - 1 / 8),
        (4, lambda b: b @ beta @ nodes**2 - 1 / 12),
        (4, lambda b: b @ beta @ beta @ beta @ ones - 1 / 24),
    ]
    step, embedded = np.array(tableau.m) @ gamma, (np.array(tableau.m) - np.array(tableau.e)) @ gamma
    for vertices, residual in trees:
        assert vertices > order or abs(residual(step)) < 1e-12
    embedded_order = 3 if order == 2 else order - 1
    for vertices, residual in trees:
        assert vertices > embedded_order or abs(residual(embedded)) < 1e-12


@pytest.mark.parametrize("method", METHODS)
def test_fast_components_are_damped_in_one_step(method: Any):
    """The stability function vanishes at infinity: the methods are L-stable."""
    decay = nde.ODETerm(lambda t, y, args: -1e12 * y)
    y1 = nde.diffeqsolve(decay, method(), 0.0, 1.0, 1.0, jnp.array(1.0)).ys[0]
    assert abs(y1) < 1e-10


def test_states_may_be_complex_and_of_several_arrays():
    rate = -1e6 + 3j
    field = lambda t, y, args: {"a": rate * y["a"], "b": (-y["b"][1], y["b"][0])}
    y0 = {"a": jnp.array(1.0 + 0.0j), "b": (jnp.array(1.0), jnp.array(0.0))}
    sol = solve(nde.Rodas5P(), field, 1.0, y0, 1e-8, 1e-10)
    assert abs(sol.ys["a"][0]) < 1e-9
    np.testing.assert_allclose([sol.ys["b"][0][0], sol.ys["b"][1][0]], [np.cos(1), np.sin(1)], atol=1e-7)


def test_the_gradient_is_that_of_the_exact_solution():
    """Of the end of `y' = -k (y - cos t)` with respect to `k`, which is stiff."""

    def end(rate: jax.Array) -> jax.Array:
        return solve(nde.Rodas5P(), lambda t, y, args: -rate * (y - jnp.cos(t)), 1.0, jnp.array(0.0), 1e-9, 1e-12).ys[0]

    def exact(k: jax.Array) -> jax.Array:
        settled = lambda t: (k**2 * jnp.cos(t) + k * jnp.sin(t)) / (k**2 + 1)
        return settled(1.0) - settled(0.0) * jnp.exp(-k)

    rate = jnp.array(1e3)
    np.testing.assert_allclose(jax.grad(end)(rate), jax.grad(exact)(rate), rtol=1e-5)


def test_many_reactions_side_by_side():
    """Each takes the steps that it takes alone."""
    starts = jnp.array([[1.0, 0.0, 0.0], [0.5, 0.0, 0.5], [0.9, 1e-5, 0.1]])
    run = lambda y0: solve(nde.Rodas5P(), robertson, 1e4, y0, 1e-5, 1e-10)
    together = jax.vmap(run)(starts)
    for lane, y0 in enumerate(starts):
        alone = run(y0)
        assert together.stats["num_steps"][lane] == alone.stats["num_steps"]
        np.testing.assert_allclose(together.ys[lane], alone.ys, rtol=1e-9)


def test_noise_is_refused():
    path = nde.VirtualBrownianTree(0.0, 1.0, 1e-2, (), jax.random.key(0))
    terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), nde.ControlTerm(lambda t, y, args: 0.1, path))
    with pytest.raises(TypeError, match=r"`Rodas5P` is for ordinary differential equations; this one has noise"):
        nde.diffeqsolve(terms, nde.Rodas5P(), 0.0, 1.0, 0.1, 1.0)


EULER: dict[str, Any] = {"gamma": 1, "alpha": [0], "gamma_i": [1], "a": [], "c": [], "m": [1], "interpolant": [[1]]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": [0, 1]}, r"A tableau of 2 stages needs rows of \[1\] weights"),
        ({"alpha": []}, r"A tableau of 0 stages"),
        ({"m": [1, 0]}, "as many entries in `m`; got 2"),
        ({"interpolant": [[0.5]]}, "The interpolant has the weight 0.5 at the end of the step; `m` has 1.0"),
    ],
)
def test_tableaus_that_do_not_fit(change: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        nde.RosenbrockTableau(**{**EULER, **change})
