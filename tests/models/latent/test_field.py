"""The vector field of latent states."""

import jax
import jax.numpy as jnp
import numpy as np

from nde.models.latent.field import DampedField


def test_states_rotate_by_the_given_frequencies_and_do_not_grow():
    frequencies = (1.0, 3.0, 7.0)
    field = DampedField(6, 4, 1, frequencies=frequencies, key=jax.random.key(0))
    values = np.linalg.eigvals(np.asarray(field.matrix))
    turns = np.sort(values.imag[values.imag > 0]) / (2 * np.pi)
    np.testing.assert_allclose(turns, frequencies, rtol=0.1)
    assert values.real.max() <= 1e-5


def test_frequencies_beyond_the_size_are_left_out():
    field = DampedField(4, 4, 1, frequencies=(2.0, 4.0, 6.0), key=jax.random.key(0))
    assert field.matrix.shape == (4, 4)
    assert jnp.linalg.eigvals(field.matrix).imag.max() < 2 * jnp.pi * 4.5
