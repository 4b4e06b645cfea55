"""Tests start from JAX's own defaults of precision, and one that wants float64 asks for it itself.

They are strict where JAX is lenient: no dtype or rank is promoted unless somebody says so.
"""

from collections.abc import Iterator

import jax
import pytest

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture(scope="module", autouse=True)
def _compiled_functions_go_with_their_module() -> Iterator[None]:
    """Each compiled function holds a few memory maps, of which Linux grants a process 65,530: a whole run has more."""
    yield
    jax.clear_caches()
