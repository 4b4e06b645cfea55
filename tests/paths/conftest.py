"""Fixtures of the tests of the solve."""

from tests.laws.precision import x64

__all__ = ["x64"]
