"""Tests of metrics for generated series."""
