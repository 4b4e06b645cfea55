"""Sides: ways to compute the result of a problem, one library per file."""
