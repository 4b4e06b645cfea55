"""Fixtures of the tests of the solvers."""

from tests.laws.precision import x64

__all__ = ["x64"]
