"""Tests of what is published with the package."""
