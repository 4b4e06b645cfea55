"""`jax.export` of a solve."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

import nde


def final(y0, throw):
    term = nde.ODETerm(lambda t, y, args: -y)
    return nde.diffeqsolve(term, nde.Heun(), 0.0, 1.0, 0.01, y0, throw=throw).ys[0]


def test_a_solve_that_does_not_raise_is_exported():
    y0 = jnp.ones(2)
    program = export.export(jax.jit(lambda y0: final(y0, throw=False)))(y0)
    np.testing.assert_allclose(program.call(y0), np.exp(-1.0), rtol=1e-4)


@pytest.mark.parametrize("batched", [False, True], ids=["single", "batch"])
def test_one_that_raises_is_refused_in_words(batched):
    solve = jax.vmap(lambda y0: final(y0, throw=True)) if batched else lambda y0: final(y0, throw=True)
    with pytest.raises(ValueError, match="Pass `throw=False`"):
        export.export(jax.jit(solve))(jnp.ones(2))
