"""Linear systems, direct and by GMRES, and small ones by Cholesky factorization."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde.core.results import RESULTS, SUCCESSFUL, code_of
from nde.implicit.cholesky import cholesky_solve
from nde.roots import GMRES, Dense
from nde.roots.linear import linear_solve

MEMBERS, SIZE = 3, 12


def matrices() -> np.ndarray:
    """Of no symmetry, with eigenvalues on both sides of zero."""
    generator = np.random.default_rng(0)
    return generator.normal(size=(MEMBERS, SIZE, SIZE)) + 2 * np.diag((-1.0) ** np.arange(SIZE))


def rows() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(MEMBERS, SIZE))


def product(a: Any) -> Any:
    return lambda v: jnp.einsum("mij,mj->mi", a, v)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(
    ("solver", "shift", "atol"),
    [(Dense(), 0.0, 1e-12), (GMRES(rtol=1e-11), 0.0, 1e-9), (GMRES(rtol=1e-11, restart=4), 12.0, 1e-9)],
)
def test_both_systems(solver: Any, shift: float, atol: float) -> None:
    """Restarted GMRES may stagnate where there are eigenvalues on both sides of zero; shifted, they are on one."""
    a, b = matrices() + shift * np.eye(SIZE), jnp.asarray(rows())
    for transposed in (False, True):
        here = np.swapaxes(a, 1, 2) if transposed else a
        found = solver.solve(solver.init(product(a), b), product(jnp.asarray(here)), b, transposed)
        np.testing.assert_array_equal(found.code, SUCCESSFUL)
        np.testing.assert_allclose(found.value, np.linalg.solve(here, rows()[..., None])[..., 0], atol=atol)


@pytest.mark.usefixtures("x64")
def test_gmres_needs_as_many_products_as_there_are_numbers_and_each_member_stops_by_itself() -> None:
    """A member whose matrix is a multiple of the unit is done at once, one that is singular harms no other."""
    a = matrices()
    a[0], a[1] = 3 * np.eye(SIZE), np.diag([0.0] + [1.0] * (SIZE - 1))
    b = jnp.asarray(rows())
    found = GMRES(rtol=1e-10, restart=SIZE, max_steps=SIZE).solve(None, product(jnp.asarray(a)), b)
    np.testing.assert_allclose(found.value[0], rows()[0] / 3, rtol=1e-12)
    np.testing.assert_allclose(found.value[2], np.linalg.solve(a[2], rows()[2]), atol=1e-7)
    np.testing.assert_array_equal(found.code, [SUCCESSFUL, code_of(RESULTS.no_linear_convergence), SUCCESSFUL])
    assert np.all(np.isfinite(found.value))


def test_nearly_singular_matrices_have_a_code() -> None:
    a = np.stack([np.eye(SIZE), np.eye(SIZE)]).astype(np.float32)
    a[1, -1] = a[1, 0] * (1 + 1e-7)
    b = jnp.asarray(rows()[:2], jnp.float32)
    found = Dense().solve(Dense().init(product(jnp.asarray(a)), b), product(jnp.asarray(a)), b)
    np.testing.assert_array_equal(found.code, [SUCCESSFUL, code_of(RESULTS.singular_jacobian)])


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("solver", [Dense(), GMRES(rtol=1e-12)])
def test_derivatives_to_the_matrix_and_the_right_hand_side(solver: Any) -> None:
    def f(a: Any, b: Any) -> jax.Array:
        return jnp.sum(jnp.sin(linear_solve(product(a), b, solver, throw=True)))

    def exact(a: Any, b: Any) -> jax.Array:
        return jnp.sum(jnp.sin(jnp.linalg.solve(a, b[..., None])[..., 0]))

    at = jnp.asarray(matrices()), jnp.asarray(rows())
    for found, wanted in zip(jax.grad(f, (0, 1))(*at), jax.grad(exact, (0, 1))(*at), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-8)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("size", [1, 2, 5])
def test_cholesky(size: int) -> None:
    generator = np.random.default_rng(2)
    root = generator.normal(size=(4, size, size))
    a, b = root @ np.swapaxes(root, 1, 2) + 0.1 * np.eye(size), generator.normal(size=(4, size))
    found = cholesky_solve(jnp.asarray(a), jnp.asarray(b))
    np.testing.assert_allclose(found, np.linalg.solve(a, b[..., None])[..., 0], rtol=1e-9)
