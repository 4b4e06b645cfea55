"""Tableaus, by conditions that are worked out apart from the solvers."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import RK45

import nde
from nde.solvers.registry import REGISTRY

pytestmark = pytest.mark.usefixtures("x64")


TABLEAUS = [name for name, make in REGISTRY.items() if isinstance(make(), nde.ExplicitRungeKutta)]


def arrays(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`A`, `b` and `c` of a method."""
    tableau = REGISTRY[name]().tableau
    stages = len(tableau.c) + 1
    A = np.zeros((stages, stages))
    for i, row in enumerate(tableau.a_lower, start=1):
        A[i, : len(row)] = row
    return A, np.array(tableau.b_sol), np.array([0.0, *tableau.c])


def trees(order: int):
    """All rooted trees with so many nodes, each a sorted tuple of its branches."""
    if order == 1:
        yield ()
        return
    seen = set()
    for parts in partitions(order - 1):
        for branches in itertools.product(*(list(trees(part)) for part in parts)):
            tree = tuple(sorted(branches))
            if tree not in seen:
                seen.add(tree)
                yield tree


def partitions(n: int, most: int | None = None):
    if n == 0:
        yield ()
        return
    for first in range(min(n, most or n), 0, -1):
        for rest in partitions(n - first, first):
            yield (first, *rest)


def size(tree) -> int:
    return 1 + sum(size(branch) for branch in tree)


def density(tree) -> int:
    return size(tree) * int(np.prod([density(branch) for branch in tree], dtype=np.int64))


def weights(tree, A: np.ndarray) -> np.ndarray:
    """What each stage contributes to the elementary weight of a tree."""
    value = np.ones(len(A))
    for branch in tree:
        value = value * (A @ weights(branch, A))
    return value


@pytest.mark.parametrize("name", TABLEAUS)
def test_order_conditions(name: str):
    """`b phi(tree) = 1 / density(tree)` for all trees up to the order, and not for all of the next."""
    A, b, c = arrays(name)
    order = REGISTRY[name]().order()
    np.testing.assert_allclose(A.sum(axis=1), c, atol=1e-13)
    for nodes in range(1, order + 1):
        for tree in trees(nodes):
            assert abs(b @ weights(tree, A) - 1 / density(tree)) < 1e-12, tree
    assert max(abs(b @ weights(tree, A) - 1 / density(tree)) for tree in trees(order + 1)) > 1e-8


@pytest.mark.parametrize("name", [name for name in TABLEAUS if REGISTRY[name]().adaptive])
def test_the_error_estimate_is_that_of_a_method_of_lower_order(name: str):
    _, b, _ = arrays(name)
    embedded = b - np.array(REGISTRY[name]().tableau.b_error)
    np.testing.assert_allclose(embedded.sum(), 1.0, atol=1e-12)
    assert np.abs(embedded - b).max() > 1e-6


def step_between(solver, theta: np.ndarray, h: float) -> np.ndarray:
    """Values inside one step of length `h`."""
    sol = nde.diffeqsolve(
        nde.ODETerm(lambda t, y, args: jnp.stack([y[1] * jnp.cos(t), -y[0] * y[1]])),
        solver,
        0.3,
        0.3 + h,
        h,
        jnp.asarray([1.0, 0.7]),
        saveat=nde.SaveAt(ts=0.3 + h * theta),
    )
    return np.asarray(sol.ys)


def test_values_inside_a_step_are_those_of_scipy():
    h, theta = 0.4, np.linspace(0.0, 1.0, 11)
    other = RK45(
        lambda t, y: np.array([y[1] * np.cos(t), -y[0] * y[1]]),
        0.3,
        np.array([1.0, 0.7]),
        0.3 + 2 * h,
        first_step=h,
        rtol=1e10,
        atol=1e10,
    )
    other.step()
    assert other.t == pytest.approx(0.3 + h, rel=1e-15)
    np.testing.assert_allclose(
        step_between(nde.Dopri5(), theta, h), other.dense_output()(0.3 + h * theta).T, rtol=1e-12
    )


def test_a_tableau_of_ones_own():
    """The classical method of order four, against its formula."""
    classical = nde.ButcherTableau(
        c=[0.5, 0.5, 1.0], a_lower=[[0.5], [0.0, 0.5], [0.0, 0.0, 1.0]], b_sol=[1 / 6, 1 / 3, 1 / 3, 1 / 6]
    )

    def field(t, y, args=None):
        return t - y**2

    t, y, h = 0.0, 0.5, 0.25
    for _ in range(8):
        k1 = field(t, y)
        k2 = field(t + h / 2, y + h / 2 * k1)
        k3 = field(t + h / 2, y + h / 2 * k2)
        k4 = field(t + h, y + h * k3)
        t, y = t + h, y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    solver = nde.ExplicitRungeKutta(classical, order=4)
    sol = nde.diffeqsolve(nde.ODETerm(field), solver, 0.0, 2.0, 0.25, jnp.asarray(0.5))
    np.testing.assert_allclose(sol.ys[0], y, rtol=1e-14)
    assert not solver.adaptive


def test_a_tableau_that_does_not_fit_together():
    with pytest.raises(ValueError, match="a_lower"):
        nde.ButcherTableau(c=[0.5], a_lower=[[0.5], [1.0]], b_sol=[0.5, 0.5])
