"""What a compiled program holds, by both names of the function."""

import warnings

import jax
import jax.numpy as jnp
import pytest

import nde
from nde.core import _compiled_memory


def squared(x: jax.Array) -> jax.Array:
    return jnp.sum((x[:, None] * x[None, :]) @ jnp.cos(x[:, None] + x[None, :]))


def test_a_larger_program_takes_more() -> None:
    small, large = (nde.compiled_memory(squared, jnp.ones(size)) for size in (50, 500))
    assert large > 10 * small > 0


def test_the_former_name_warns_once_and_says_the_same() -> None:
    _compiled_memory._warn_of_former_name.cache_clear()
    x = jnp.ones(50)
    with pytest.warns(DeprecationWarning, match=r"`nde\.memory` is deprecated; use `nde\.compiled_memory`"):
        found = nde.memory(squared, x)
    with warnings.catch_warnings(record=True, action="always") as caught:
        assert nde.memory(squared, x) == found == nde.compiled_memory(squared, x)
    assert not caught
