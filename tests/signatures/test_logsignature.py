"""Log-signatures: against an independent package, and the logarithm of the signature."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import signax
from jax.test_util import check_grads

import nde
from tests.signatures.iterated import points

SIZES = [(2, 5), (3, 4), (5, 3)]


@functools.cache
def _jitted(depth: int, **options):
    return jax.jit(functools.partial(nde.logsignature, depth=depth, **options))


@pytest.mark.parametrize(("channels", "depth"), SIZES)
def test_an_independent_package_finds_the_same_words(channels: int, depth: int, x64):
    xs = jnp.asarray(points(17, channels))
    found = _jitted(depth, basis="words")(xs)
    assert found.shape == (nde.logsignature_dimension(channels, depth),)
    np.testing.assert_allclose(found, signax.logsignature(xs, depth), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize(("channels", "depth"), SIZES)
def test_brackets_add_up_to_the_logarithm_of_an_independent_package(channels: int, depth: int, x64):
    xs = jnp.asarray(points(17, channels))
    found = np.asarray(_jitted(depth)(xs))
    logarithm = jax.flatten_util.ravel_pytree(_signax_log(xs, depth))[0]
    expanded = []
    for brackets in nde.lyndon_brackets(channels, depth):
        coordinates, found = found[: len(brackets)], found[len(brackets) :]
        expanded.append(np.tensordot(coordinates, brackets, axes=1).ravel())
    np.testing.assert_allclose(np.concatenate(expanded), logarithm, rtol=1e-9, atol=1e-13)


def _signax_log(xs, depth: int):
    from signax.tensor_ops import log

    return log(signax.signature(xs, depth, flatten=False))


def test_levels_one_and_two_are_the_increment_and_signed_areas(x64):
    xs = points(20, 3)
    rest = xs - xs[0]
    area = 0.5 * np.einsum("ti,tj->ij", rest[:-1], np.diff(xs, axis=0))
    expected = [*(xs[-1] - xs[0]), *(area - area.T)[np.triu_indices(3, 1)]]
    np.testing.assert_allclose(nde.logsignature(jnp.asarray(xs), 2), expected, rtol=1e-11)


def test_the_way_back_has_the_opposite_sign(x64):
    xs = jnp.asarray(points(17, 3))
    np.testing.assert_allclose(_jitted(4)(xs[::-1]), -_jitted(4)(xs), atol=1e-13)


def test_of_a_line_nothing_but_its_increment_is_left(x64):
    xs = jnp.outer(jnp.linspace(0.0, 1.0, 17), jnp.array([1.0, -2.0, 0.5]))
    np.testing.assert_allclose(_jitted(4)(xs), np.concatenate([[1.0, -2.0, 0.5], np.zeros(29)]), atol=1e-14)


@pytest.mark.parametrize("basis", ["lyndon", "words"])
def test_stream_is_the_log_signature_of_each_part_of_each_path(basis: str, x64):
    xs = jnp.asarray(points(6, 2, batch=(2,)))
    parts = _jitted(4, stream=True, basis=basis)(xs)
    assert parts.shape == (2, 5, 8)
    for i, end in [(0, 2), (1, 4), (1, 6)]:
        one = nde.logsignature(xs[i, :end], 4, basis=basis)
        np.testing.assert_allclose(parts[i, end - 2], one, rtol=1e-10, atol=1e-14)


def test_gradients_are_those_of_differences(x64):
    check_grads(jax.jit(lambda xs: nde.logsignature(xs, 3)), (jnp.asarray(points(6, 3)),), order=1)


def test_a_basis_that_is_none_is_named():
    with pytest.raises(ValueError, match="must be 'lyndon' or 'words'; got 'hall'"):
        nde.logsignature(jnp.ones((3, 2)), 2, basis="hall")
