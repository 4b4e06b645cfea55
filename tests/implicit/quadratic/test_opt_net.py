"""Layers that solve quadratic programs: optimal by SciPy, with the gradients of differences, and they learn."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from nde.core.results import RESULTS
from nde.implicit import OptNet

pytestmark = pytest.mark.usefixtures("x64")

FORMS = [
    {"equalities": 2, "lower": 0.0},
    {"equalities": 1, "upper": 0.5, "rank": 1},
    {"equalities": 1, "inequalities": 3, "rank": 2, "lower": -1.0, "upper": 1.0},
]


def layer_of(**form) -> OptNet:
    """A layer with random parameters of every kind."""
    layer = OptNet(5, key=jax.random.key(0), **form)
    random = np.random.default_rng(1)
    moved = lambda x: x + 0.5 * random.normal(size=x.shape)
    return jax.tree.map(lambda x: moved(x) if eqx.is_inexact_array(x) else x, layer)


def by_scipy(layer: OptNet, u: np.ndarray) -> np.ndarray:
    """The solution from the attributes as they are documented."""
    point = np.asarray(layer.point)
    P = np.diag(np.exp(layer.log_diagonal))
    P = P if layer.factor is None else P + np.asarray(layer.factor) @ np.asarray(layer.factor).T
    constraints = []
    if layer.A is not None:
        constraints.append({"type": "eq", "fun": lambda x: np.asarray(layer.A) @ (x - point)})
    if layer.G is not None:
        slack = np.exp(layer.log_slack)
        constraints.append({"type": "ineq", "fun": lambda x: slack - np.asarray(layer.G) @ (x - point)})
    cost, slope = lambda x: x @ P @ x / 2 - u @ x, lambda x: P @ x - u
    bounds, options = [(layer.lower, layer.upper)] * 5, {"ftol": 1e-14, "maxiter": 500}
    return minimize(cost, point, jac=slope, constraints=constraints, bounds=bounds, method="SLSQP", options=options).x


@pytest.mark.parametrize("form", FORMS, ids=lambda form: "-".join(form) or "free")
def test_outputs_are_those_of_scipy_and_gradients_those_of_differences(form):
    layer = layer_of(**form)
    batch = jnp.asarray(np.random.default_rng(2).normal(size=(3, 5)))
    outputs = jax.jit(jax.vmap(layer))
    for u, x in zip(batch, outputs(batch), strict=True):
        np.testing.assert_allclose(x, by_scipy(layer, np.asarray(u)), atol=1e-5)
    random = np.random.default_rng(3)
    parameters, rest = eqx.partition(layer, eqx.is_inexact_array)
    ahead = jax.tree.map(lambda x: jnp.asarray(random.normal(size=x.shape)), parameters)
    weights = jnp.asarray(random.normal(size=(3, 5)))

    @jax.jit
    def cost(parameters):
        return jnp.sum(weights * jax.vmap(eqx.combine(parameters, rest))(batch))

    moved = lambda step: jax.tree.map(lambda x, dx: x + step * dx, parameters, ahead)
    slope = jax.jit(jax.grad(cost))(parameters)
    along = sum(jnp.vdot(x, dx) for x, dx in zip(jax.tree.leaves(slope), jax.tree.leaves(ahead), strict=True))
    np.testing.assert_allclose(along, (cost(moved(1e-5)) - cost(moved(-1e-5))) / 2e-5, rtol=1e-4, atol=1e-6)


def test_without_constraints_it_returns_its_input():
    u = jnp.arange(4.0)
    np.testing.assert_allclose(OptNet(4, key=jax.random.key(0))(u), u, atol=1e-8)


def test_a_point_moves_the_right_hand_sides():
    layer = layer_of(equalities=2)
    point = jnp.arange(5.0)
    sol = layer.solve(jnp.ones(5), point)
    assert sol.result == RESULTS.successful
    np.testing.assert_allclose(layer.A @ sol.value, layer.A @ point, atol=1e-8)


def test_it_learns_a_constraint_from_examples():
    """Points on the simplex that are nearest to others: the layer is to find that their numbers sum to one."""
    u = jnp.asarray(np.random.default_rng(4).normal(size=(64, 3)))
    target = jnp.asarray([_onto_simplex(each) for each in np.asarray(u)])
    layer = OptNet(3, equalities=1, lower=0.0, key=jax.random.key(5))
    cost = lambda layer: jnp.mean((jax.vmap(layer)(u) - target) ** 2)

    @eqx.filter_jit
    def update(layer):
        loss, slope = eqx.filter_value_and_grad(cost)(layer)
        return eqx.apply_updates(layer, jax.tree.map(lambda x: -0.5 * x, slope)), loss

    losses = []
    for _ in range(300):
        layer, loss = update(layer)
        losses.append(float(loss))
    assert losses[0] > 0.05
    assert losses[-1] < 1e-3
    direction = np.asarray(layer.A[0]) / np.linalg.norm(layer.A[0])
    np.testing.assert_allclose(np.abs(direction), 3**-0.5, atol=0.05)


def _onto_simplex(x: np.ndarray) -> np.ndarray:
    """By bisection for the number that is taken from each."""
    low, high = x.min() - 1, x.max()
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(x - middle, 0).sum() > 1 else (low, middle)
    return np.maximum(x - low, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda key: OptNet(0, key=key), "variables=0"),
        (lambda key: OptNet(3, equalities=-1, key=key), "equalities=-1"),
        (lambda key: OptNet(3, diagonal=0.0, key=key), r"diagonal=0\.0"),
        (lambda key: OptNet(3, lower=1.0, upper=1.0, key=key), "lower < upper"),
        (lambda key: OptNet(3, key=key)(jnp.ones(4)), r"`u` of shape \(4,\)"),
        (lambda key: OptNet(3, key=key)(jnp.ones((2, 3))), r"jax\.vmap"),
        (lambda key: OptNet(3, key=key)(jnp.ones(3), jnp.ones(2)), r"`point` of shape \(2,\)"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(jax.random.key(0))
