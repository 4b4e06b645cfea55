"""Tests of hypersolvers of trained models."""
