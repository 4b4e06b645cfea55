"""Fixtures of the tests of interpolation."""

from tests.laws.precision import x64

__all__ = ["x64"]
