import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid

import nde


def test_integrals_are_those_of_straight_lines():
    random = np.random.default_rng(0)
    ts, ys = np.cumsum(random.uniform(0.1, 1.0, 20)), random.normal(size=(20, 3))
    both = nde.with_integrals(jnp.asarray(ts), jnp.asarray(ys))
    np.testing.assert_allclose(both[:, :3], ys, rtol=1e-6)
    np.testing.assert_allclose(both[:, 3:], cumulative_trapezoid(ys, ts, axis=0, initial=0), rtol=1e-5, atol=1e-6)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"with_integrals.*\(3,\).*\(4, 1\).*vmap"):
        nde.with_integrals(jnp.arange(3.0), jnp.zeros((4, 1)))
