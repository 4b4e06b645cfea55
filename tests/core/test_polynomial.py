"""Polynomials of states, beside NumPy's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde.core.polynomial import Polynomial

ROWS = ((1.0, -0.5, 0.25), (0.0, 0.0, 0.0), (0.0, 3.0, -2.0))
STATES = ({"a": jnp.asarray([1.0, 2.0])}, {"a": jnp.asarray([9.0, 9.0])}, {"a": jnp.asarray([-1.0, 4.0])})
SCALE = 0.3


@pytest.mark.parametrize("x", [0.0, 0.37, 1.0])
@pytest.mark.parametrize("collected", [False, True])
def test_value_and_derivative(x: float, collected: bool):
    polynomial = Polynomial(SCALE, STATES, ROWS)
    polynomial = polynomial.collected() if collected else polynomial
    by_numpy = sum(
        np.outer([0.0, *row], np.asarray(state["a"], np.float64)) for row, state in zip(ROWS, STATES, strict=True)
    )
    value, slope = jax.jit(lambda x: (polynomial.value(x), polynomial.derivative(x)))(jnp.asarray(x))
    wanted = [SCALE * np.polynomial.Polynomial(column)(x) for column in by_numpy.T]
    wanted_slope = [SCALE * np.polynomial.Polynomial(column).deriv()(x) for column in by_numpy.T]
    np.testing.assert_allclose(value["a"], wanted, atol=1e-6)
    np.testing.assert_allclose(slope["a"], wanted_slope, atol=1e-6)


def test_a_state_for_each_power_is_kept():
    assert len(Polynomial(SCALE, STATES, ROWS).collected().states) == 3
