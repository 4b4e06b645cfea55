"""Fixtures of the tests of minima under constraints."""

from tests.laws.precision import x64
from tests.solve.conftest import as_users_call_it

__all__ = ["as_users_call_it", "x64"]
