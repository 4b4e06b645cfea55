"""Tests of layers and vector fields."""
