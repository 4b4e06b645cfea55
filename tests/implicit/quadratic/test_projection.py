"""Projections: nearest points of their sets, with the derivatives of differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde.implicit import Polytope, SecondOrderCone, Simplex, projection

pytestmark = pytest.mark.usefixtures("x64")

POINTS = [[0.9, 0.45, -2.0], [3.0, 4.5, 1.0], [1.0, 1.0, 5.0], [0.1, -0.2, -3.0], [0.4, 0.3, 0.2]]
CUBE = Polytope(lower=-0.5, upper=0.5)
HALF = Polytope(G=np.array([[1.0, 2.0, -1.0]]), h=np.array([0.3]))
PLANE = Polytope(A=np.ones((1, 3)), b=np.ones(1))
TRIANGLE = Polytope(A=np.ones((1, 3)), b=np.ones(1), lower=0.0)


def onto_half(x: np.ndarray) -> np.ndarray:
    normal = np.array([1.0, 2.0, -1.0])
    return x - normal * max(normal @ x - 0.3, 0) / (normal @ normal)


@pytest.mark.parametrize("x", POINTS)
def test_projections_in_closed_form(x):
    x = np.asarray(x)
    for found, expected in (
        (CUBE, np.clip(x, -0.5, 0.5)),
        (HALF, onto_half(x)),
        (PLANE, x + (1 - x.sum()) / 3),
        (TRIANGLE, projection(x, Simplex())),
        (Simplex(2.0), 2 * np.asarray(projection(x / 2, TRIANGLE))),
    ):
        np.testing.assert_allclose(projection(x, found), expected, atol=1e-6)


@pytest.mark.parametrize("x", POINTS)
def test_the_rest_of_a_projection_onto_a_cone_is_in_the_polar_cone(x):
    """Moreau's decomposition: the point is the sum of its projections onto the cone and its polar, which are normal."""
    x = np.asarray(x)
    y = np.asarray(projection(x, SecondOrderCone()))
    assert np.linalg.norm(y[:-1]) <= y[-1] + 1e-12
    rest = x - y
    assert np.linalg.norm(rest[:-1]) <= -rest[-1] + 1e-12
    np.testing.assert_allclose(rest @ y, 0, atol=1e-12)


@pytest.mark.parametrize("onto", [Simplex(), SecondOrderCone(), CUBE, HALF, TRIANGLE], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("x", POINTS)
def test_derivatives_are_differences(onto, x):
    x, step = jnp.asarray(x), 1e-5
    ahead = jnp.array([0.3, -0.7, 0.5])
    project = jax.jit(lambda x: projection(x, onto))
    difference = (project(x + step * ahead) - project(x - step * ahead)) / (2 * step)
    np.testing.assert_allclose(jax.jvp(project, (x,), (ahead,))[1], difference, atol=1e-4)
    np.testing.assert_allclose(jax.jacrev(project)(x) @ ahead, difference, atol=1e-4)


def test_the_tip_of_the_cone_has_finite_derivatives():
    assert np.all(np.isfinite(jax.jacobian(lambda x: projection(x, SecondOrderCone()))(jnp.zeros(3))))


@pytest.mark.parametrize(
    ("x", "onto", "error", "message"),
    [
        (np.ones((2, 3)), Simplex(), ValueError, "jax.vmap"),
        (1.0, Simplex(), ValueError, r"shape \(\)"),
        (np.ones(3), "simplex", TypeError, "onto"),
        (np.ones(3), Polytope(lower=1.0, upper=0.0), nde.SolveError, "No point"),
    ],
)
def test_what_makes_no_sense_is_refused(x, onto, error, message):
    with pytest.raises(error, match=message):
        projection(x, onto)


@pytest.mark.parametrize("total", [0.0, -1.0, np.nan, np.ones(2)])
def test_a_simplex_has_a_positive_sum(total):
    with pytest.raises(ValueError, match=r"`Simplex` got .*positive number"):
        Simplex(total)


def test_the_sum_of_a_simplex_can_be_differentiated():
    x = jnp.array([0.9, 0.5, -2.0])
    slope = jax.jit(jax.jacfwd(lambda total: projection(x, Simplex(total))))(1.0)
    np.testing.assert_allclose(slope, [0.5, 0.5, 0.0], atol=1e-7)
