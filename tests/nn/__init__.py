"""Tests of small blocks."""
