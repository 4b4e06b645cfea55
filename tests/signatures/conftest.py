"""Fixtures of the tests of signatures."""

from tests.laws.precision import x64

__all__ = ["x64"]
