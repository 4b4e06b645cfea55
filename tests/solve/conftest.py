"""Fixtures of the tests of the solve."""

from collections.abc import Iterator

import pytest
from jaxtyping import config

from tests.laws.precision import x64

__all__ = ["as_users_call_it", "x64"]


@pytest.fixture
def as_users_call_it() -> Iterator[None]:
    """Without the types being checked as they are in tests."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)
