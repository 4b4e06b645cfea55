"""Tests of solvers for stiff equations."""
