"""Tests of scores of generated series."""
