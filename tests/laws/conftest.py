"""Fixtures of the laws."""

from tests.laws.precision import x64

__all__ = ["x64"]
