"""The ODE between rows."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import nde
from nde.models import ODERNN


@pytest.mark.parametrize(
    "options",
    [
        {"steps": 8},
        {"solver": nde.Tsit5(), "stepsize_controller": nde.PIDController(rtol=1e-4, atol=1e-5)},
        {"steps": 4, "adjoint": nde.DirectAdjoint()},
    ],
)
def test_the_state_follows_the_vector_field_between_rows(options):
    model = ODERNN(1, 4, 4, key=jax.random.key(0), **options)
    ys, static = jnp.array([[1.0], [jnp.nan], [jnp.nan]]), jnp.zeros(0)
    first = model.cell(jnp.array([1.0, 1.0]), jnp.zeros(4))
    exact = solve_ivp(lambda t, y: model.drift.field(jnp.asarray(y)), (0.0, 1.7), first, rtol=1e-6, atol=1e-8)
    found = eqx.filter_jit(model)(jnp.array([0.3, 1.0, 2.0]), ys, 3, static)
    np.testing.assert_allclose(found, model.ends.output(jnp.asarray(exact.y[:, -1], float)), rtol=2e-3, atol=2e-3)
