"""The tests of `nde`."""
