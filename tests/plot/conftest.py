"""Fixtures of the tests of plots."""

from tests.solve.conftest import as_users_call_it

__all__ = ["as_users_call_it"]
