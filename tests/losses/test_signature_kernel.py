"""The signature kernel against truncated signatures, a plain loop, and closed forms."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde.losses import LinearKernel, RBFKernel, signature_kernel, truncated_signature_kernel

RANDOM = np.random.default_rng(0)


@pytest.fixture
def double():
    with jax.enable_x64(True):
        yield


def paths(*shape):
    return jnp.asarray(np.cumsum(RANDOM.normal(size=shape), axis=-2) / 4)


def cell_by_cell(x, y, matrix, halvings):
    """The same scheme as a double loop over the matrix of a static kernel."""
    gram = np.array([[matrix(a, b) for b in y] for a in x])
    cells = gram[1:, 1:] - gram[1:, :-1] - gram[:-1, 1:] + gram[:-1, :-1]
    cells = np.kron(cells, np.ones((2**halvings, 2**halvings))) / 4**halvings
    u = np.ones((cells.shape[0] + 1, cells.shape[1] + 1))
    for i in range(cells.shape[0]):
        for j in range(cells.shape[1]):
            d = cells[i, j]
            u[i + 1, j + 1] = (u[i, j + 1] + u[i + 1, j]) * (1 + d / 2 + d**2 / 12) - u[i, j] * (1 - d**2 / 12)
    return u[-1, -1]


@pytest.mark.parametrize("halvings", [0, 2])
@pytest.mark.parametrize("rows", [(5, 8), (8, 3)])
def test_it_is_what_a_double_loop_gives(double, rows, halvings):
    x, y = paths(rows[0], 2), paths(rows[1], 2)
    rbf = lambda a, b: np.exp(-np.sum((a - b) ** 2) / (2 * 0.7**2))
    for static, matrix in ((LinearKernel(), np.dot), (RBFKernel(0.7), rbf)):
        found = signature_kernel(x, y, refinement=halvings, static=static)
        np.testing.assert_allclose(found, cell_by_cell(np.asarray(x), np.asarray(y), matrix, halvings), rtol=1e-12)


def test_truncated_kernels_converge_to_it_with_depth(double):
    x, y = paths(6, 2), paths(5, 2)
    whole = signature_kernel(x, y, refinement=5)
    errors = [abs(float(truncated_signature_kernel(x, y, depth=depth) - whole)) for depth in (1, 3, 6)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-4 * float(whole)


def test_of_two_straight_lines_it_is_a_bessel_function(double):
    """`sum (v.w)^k / (k!)^2`, which is `I_0(2 sqrt(v.w))`."""
    from scipy.special import i0

    v, w = np.array([1.0, 0.5]), np.array([0.7, 1.2])
    x, y = (jnp.asarray(np.linspace(0, 1, n)[:, None] * end) for n, end in ((4, v), (7, w)))
    errors = [abs(float(signature_kernel(x, y, refinement=n)) - i0(2 * np.sqrt(v @ w))) for n in (3, 4)]
    assert errors[1] < 3e-5
    assert 3.7 < errors[0] / errors[1] < 4.3


def test_its_gradient_is_that_of_finite_differences(double):
    x, y, direction = paths(5, 2), paths(6, 2), paths(5, 2)
    kernel = functools.partial(signature_kernel, refinement=1, static=RBFKernel(0.8))
    slope = jnp.sum(jax.grad(kernel)(x, y) * direction)
    step = 1e-5
    difference = (kernel(x + step * direction, y) - kernel(x - step * direction, y)) / (2 * step)
    np.testing.assert_allclose(slope, difference, rtol=1e-7)


def test_axes_of_batches_are_broadcast_and_precision_is_kept():
    x, y = paths(3, 5, 2).astype(jnp.float32), paths(4, 6, 2).astype(jnp.float32)
    matrix = signature_kernel(x[:, None], y[None])
    assert matrix.shape == (3, 4)
    assert matrix.dtype == jnp.float32
    np.testing.assert_allclose(matrix[2, 1], signature_kernel(x[2], y[1]), rtol=1e-6)
    looped = jax.vmap(lambda a: jax.vmap(lambda b: signature_kernel(a, b))(y))(x)
    np.testing.assert_allclose(matrix, looped, rtol=1e-6)


def test_a_path_that_stands_still_is_no_longer():
    x, y = paths(5, 2), paths(6, 2)
    longer = jnp.concatenate([x, jnp.broadcast_to(x[-1], (3, 2))])
    np.testing.assert_allclose(signature_kernel(longer, y), signature_kernel(x, y), rtol=1e-6)


@pytest.mark.parametrize(("shape", "halvings"), [((1, 2), 0), ((3, 2), -1)])
def test_what_makes_no_sense_is_refused(shape, halvings):
    with pytest.raises(ValueError, match=r"at least two points; got|non-negative; got"):
        signature_kernel(jnp.zeros(shape), jnp.zeros((3, 2)), refinement=halvings)
    with pytest.raises(ValueError, match="positive"):
        RBFKernel(0.0)
