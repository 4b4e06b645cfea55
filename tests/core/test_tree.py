"""Arithmetic on pytrees."""

import jax.numpy as jnp
import numpy as np
import pytest

from nde.core.tree import all_finite


@pytest.mark.parametrize("size", [1, 511, 512, 100_000])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_number_that_is_not_finite_is_seen(size: int, bad: float) -> None:
    """Among the largest numbers that there are."""
    x = np.full(size, np.finfo(np.float32).max)
    assert all_finite({"a": jnp.asarray(x), "b": jnp.ones(3)})
    x[size // 2] = bad
    assert not all_finite({"a": jnp.asarray(x), "b": jnp.ones(3)})
    assert not all_finite((jnp.asarray(x + 1j),))
