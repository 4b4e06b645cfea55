"""Fixtures of the tests of ensembles."""

from tests.laws.precision import x64

__all__ = ["x64"]
