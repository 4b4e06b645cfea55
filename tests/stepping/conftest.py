"""Fixtures of the tests of step sizes."""

from tests.laws.precision import x64

__all__ = ["x64"]
