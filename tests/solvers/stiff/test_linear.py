"""Small systems are solved as NumPy solves them, in whichever way."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde.solvers.stiff.linear import factorize, inverse_written_out

pytestmark = pytest.mark.usefixtures("x64")


@pytest.mark.parametrize("numbers", [1, 2, 3, 4, 6, 12])
def test_solutions_are_those_of_numpy(numbers: int):
    random = np.random.default_rng(numbers)
    matrix, b = random.normal(size=(numbers, numbers)), random.normal(size=numbers)
    np.testing.assert_allclose(factorize(jnp.asarray(matrix)).solve(jnp.asarray(b)), np.linalg.solve(matrix, b))


def test_rows_are_exchanged_where_pivots_are_zero_or_tiny():
    zero = jnp.array([[0.0, 2.0, 1.0], [1.0, 0.0, 3.0], [4.0, 1.0, 0.0]])
    tiny = jnp.array([[1e-20, 1.0], [1.0, 1.0]])
    for matrix in (zero, tiny):
        np.testing.assert_allclose(inverse_written_out(matrix), np.linalg.inv(matrix), rtol=1e-13, atol=1e-15)


def test_many_are_inverted_side_by_side():
    matrices = jax.random.normal(jax.random.key(0), (50, 4, 4))
    np.testing.assert_allclose(jax.vmap(inverse_written_out)(matrices), np.linalg.inv(matrices), rtol=1e-9)


def test_a_singular_matrix_leads_to_no_number():
    assert not np.isfinite(factorize(jnp.ones((2, 2))).solve(jnp.ones(2))).any()
