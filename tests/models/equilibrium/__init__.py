"""Tests of `nde.models.equilibrium`."""
