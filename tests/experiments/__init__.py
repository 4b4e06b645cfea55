"""Tests of experiments: their claims."""
