"""Fixtures of the tests of quadratic programs."""

from tests.laws.precision import x64

__all__ = ["x64"]
