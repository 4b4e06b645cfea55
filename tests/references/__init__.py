"""Tests of what to cite."""
