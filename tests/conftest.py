"""Tests start from JAX's own defaults, and one that wants float64 asks for it itself."""

from collections.abc import Iterator

import jax
import pytest


@pytest.fixture(scope="module", autouse=True)
def _compiled_functions_go_with_their_module() -> Iterator[None]:
    """Each compiled function holds a few memory maps, of which Linux grants a process 65,530: a whole run has more."""
    yield
    jax.clear_caches()
