"""Tests of the lowest floor."""
