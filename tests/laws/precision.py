"""The precision that a test runs in."""

from collections.abc import Iterator

import jax
import pytest


@pytest.fixture
def x64() -> Iterator[None]:
    """Float64 for one test; whatever the precision was before is restored."""
    with jax.enable_x64(True):
        yield
