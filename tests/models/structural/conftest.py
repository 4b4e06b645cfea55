"""Fixtures of the tests of terms."""

from tests.laws.precision import x64

__all__ = ["x64"]
